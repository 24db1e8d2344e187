/** The module of the author's guide. */
package io.cairn.example.readonly;
