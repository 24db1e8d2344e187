/** Karaf shell commands. */
package io.cairn.shell;
