/** Arrays of bdevs: the module, its operations and their parameters. */
package io.cairn.module.raid;
