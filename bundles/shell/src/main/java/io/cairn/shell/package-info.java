/** Karaf shell commands: one for every operation that is offered, and those that people look at, written by hand. */
package io.cairn.shell;
