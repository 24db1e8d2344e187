/** JMH benchmarks of the I/O path and the modules. */
package io.cairn.bench;
