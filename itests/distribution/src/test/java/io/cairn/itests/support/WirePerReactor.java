package io.cairn.itests.support;

import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/** Connections to one export, one served by each reactor. */
public final class WirePerReactor implements AutoCloseable {
    private final Map<String, NbdWire> wires = new TreeMap<>();

    private WirePerReactor() {}

    /**
     * Connects as often as there are reactors. The server places them in turn, which {@code thread_get_io_channels} confirms.
     *
     * @param export also the name of the bdev; nobody else may be connected to it
     */
    public static WirePerReactor connect(RunningDistribution cairn, RpcClient rpc, String export) throws IOException {
        WirePerReactor all = new WirePerReactor();
        try {
            int reactors = rpc.call("thread_get_io_channels").path("threads").size();
            for (int i = 0; i < reactors; i++) {
                NbdWire wire = NbdWire.go(cairn.nbdAddress(), export);
                Set<String> places = places(rpc, export);
                places.removeAll(all.wires.keySet());
                if (places.size() != 1) {
                    wire.close();
                    throw new AssertionError(
                            "connection " + i + " to " + export + " is on " + places + " beside " + all.wires.keySet());
                }
                all.wires.put(places.iterator().next(), wire);
            }
            return all;
        } catch (IOException | AssertionError e) {
            all.close();
            throw e;
        }
    }

    private static Set<String> places(RpcClient rpc, String bdev) {
        Set<String> places = new TreeSet<>();
        for (JsonNode thread : rpc.call("thread_get_io_channels").path("threads")) {
            for (JsonNode channel : thread.path("io_channels")) {
                if (channel.path("name").asString().equals(bdev)) {
                    places.add(thread.path("name").asString());
                }
            }
        }
        return places;
    }

    /** The names of the reactors. */
    public Set<String> reactors() {
        return wires.keySet();
    }

    /** The connection that this reactor serves. */
    public NbdWire on(String reactor) {
        return wires.get(reactor);
    }

    @Override
    public void close() throws IOException {
        for (NbdWire wire : wires.values()) {
            wire.close();
        }
    }
}
