/** OSGi events for what happens to bdevs and modules. */
package io.cairn.events;
