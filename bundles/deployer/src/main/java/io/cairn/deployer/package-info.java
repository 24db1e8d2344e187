/** Upgrades modules while I/O runs, and follows the deploy folder. */
package io.cairn.deployer;
