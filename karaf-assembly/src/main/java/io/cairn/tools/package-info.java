/** Small programs that the distribution's scripts start: they depend on the JDK alone. */
package io.cairn.tools;
