package io.cairn.shell;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.karaf.shell.api.console.Candidate;
import org.apache.karaf.shell.support.parsing.CommandLineImpl;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandCompleterTest {
    private final Server server = new Server();
    private final FakeSession session = new FakeSession();

    @BeforeEach
    void makeABdev() throws Exception {
        server.run("bdev:null-create Null0 512 8");
    }

    @AfterEach
    void closeServer() {
        server.close();
    }

    /** Completes at the end of a line, whose last word may be empty. */
    private List<String> complete(CommandSpec spec, String line) {
        String[] words = line.split(" ", -1);
        int last = words.length - 1;
        List<Candidate> candidates = new ArrayList<>();
        new CommandCompleter(spec, server.names, false)
                .completeCandidates(
                        session,
                        new CommandLineImpl(words, last, words[last].length(), line.length(), line),
                        candidates);
        return candidates.stream().map(Candidate::value).toList();
    }

    private List<String> complete(String line) {
        return complete(Examples.SPEC, line);
    }

    @Test
    void offersItsName() {
        assertThat(complete("bd")).containsExactly("bdev:thing-create");
    }

    @Test
    void isSilentForOtherCommands() {
        assertThat(complete("bdev:other --")).isEmpty();
    }

    @Test
    void offersOptionsThatAreNotGivenYet() {
        assertThat(complete("bdev:thing-create --mood wild --"))
                .contains("--name", "--block-size", "--readonly", "--help")
                .doesNotContain("--mood");
        assertThat(complete("thing-create a 512 8 ")).contains("--uuid");
    }

    @Test
    void offersChoicesAndTruths() {
        assertThat(complete("bdev:thing-create --mood ")).containsExactly("calm", "wild");
        assertThat(complete("bdev:thing-create --mood=w")).containsExactly("--mood=calm", "--mood=wild");
        assertThat(complete("bdev:thing-create --readonly=")).containsExactly("--readonly=true", "--readonly=false");
    }

    @Test
    void offersBdevs() {
        assertThat(complete("bdev:thing-create --base-bdev ")).containsExactly("Null0");
        CommandSpec claims = CommandSpec.of("claims", "", ClaimsCommand.Params.class, "");
        assertThat(complete(claims, "bdev:claims ")).containsExactly("Null0");
        assertThat(complete(claims, "bdev:claims Null0 ")).containsExactly("--bdev", "--help");
    }

    @Test
    void offersNoExportsWhereNobodyExports() {
        assertThat(complete("bdev:thing-create --friends ")).isEmpty();
    }

    @Test
    void offersFiles(@TempDir Path folder) throws IOException {
        Files.createDirectory(folder.resolve("disks"));
        Files.createFile(folder.resolve("disk.img"));
        Files.createFile(folder.resolve("other"));

        assertThat(complete("bdev:thing-create --filename " + folder + "/d"))
                .containsExactly(folder + "/disk.img", folder + "/disks/");
        session.currentDir(folder);
        assertThat(complete("bdev:thing-create --filename o")).containsExactly("other");
        assertThat(complete("bdev:thing-create --filename nowhere/x")).isEmpty();
    }
}
