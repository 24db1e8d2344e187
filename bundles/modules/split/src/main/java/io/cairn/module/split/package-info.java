/** Divides one base into equal parts. */
package io.cairn.module.split;
