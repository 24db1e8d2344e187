package io.cairn.module.raid;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.bdev.spi.Examination;
import io.cairn.bdev.spi.ProvidesBdevModule;
import io.cairn.module.raid.array.ArrayInfo;
import io.cairn.module.raid.array.Definition;
import io.cairn.module.raid.array.Options;
import io.cairn.module.raid.array.PartialPolicies;
import io.cairn.module.raid.array.RaidArray;
import io.cairn.module.raid.array.RaidArrays;
import io.cairn.module.raid.level.RaidLevel;
import io.cairn.module.raid.level.XorKernel;
import io.cairn.operations.ConfigEntry;
import io.cairn.operations.Operation;
import io.cairn.operations.OperationException;
import io.cairn.reactor.Errno;
import io.cairn.reactor.HasErrno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import org.osgi.service.component.annotations.Component;

/** Arrays of bdevs: raid0, raid1, raid5f and concat, with SPDK's operations and superblock. */
@Component(service = BdevModule.class)
@ProvidesBdevModule(RaidModule.NAME)
public final class RaidModule implements BdevModule {
    static final String NAME = "raid";

    private static final Logger LOG = System.getLogger(RaidModule.class.getName());

    /** JSON-RPC: parse error; what most of SPDK's RAID methods answer to parameters that cannot be decoded. */
    private static final int PARSE_ERROR = -32700;

    private RaidArrays arrays;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public void init(BdevHost host) {
        LOG.log(
                Level.INFO,
                () -> "parity is worked out with " + XorKernel.ofThisRunTime().describe());
        arrays = new RaidArrays(host);
    }

    @Override
    public List<Operation<?, ?>> operations() {
        return Operation.list(
                Operation.named("bdev_raid_set_options", RaidParams.SetOptions.class)
                        .describedAs(
                                "Sets what holds for all arrays: the background process, and what they do by themselves.")
                        .decodeError(PARSE_ERROR)
                        .in(Operation.States.BOTH)
                        .changingConfiguration()
                        .example("{\"process_window_size_kb\": 512, \"process_max_bandwidth_mb_sec\": 100}")
                        .handledBy(this::setOptions),
                Operation.named("bdev_raid_set_policy", RaidParams.SetPolicy.class)
                        .describedAs(
                                "Sets what one array does otherwise than the options say; without a value, nothing. The array need"
                                        + " not be here: what is set is kept for when it comes, and the log says so.")
                        .changingConfiguration()
                        .example("{\"name\": \"Raid0\", \"start_degraded_timeout_sec\": 30}")
                        .handledBy(this::setPolicy),
                Operation.named("bdev_raid_reserve_name", RaidParams.ReserveName.class)
                        .describedAs(
                                "Reserves a name for an array: disks with the superblock of another array that is called so are left"
                                        + " alone, whichever come first. The creation of an array with a superblock does it for that"
                                        + " array, its deletion ends it.")
                        .changingConfiguration()
                        .example("{\"name\": \"Raid0\", \"uuid\": \"6d4b5a4e-6a3a-4d0a-9f0e-2f1d3a0c9b11\"}")
                        .handledBy(this::reserveName),
                Operation.named("bdev_raid_get_bdevs", RaidParams.GetBdevs.class)
                        .describedAs("Lists arrays, with their members' health.")
                        .decodeError(PARSE_ERROR)
                        .answering(
                                "[{\"name\", \"uuid\", \"strip_size_kb\", \"state\", \"raid_level\", \"superblock\", \"num_base_bdevs\","
                                        + " \"num_base_bdevs_discovered\", \"num_base_bdevs_operational\"[, \"process\"],"
                                        + " \"base_bdevs_list\": [{\"name\", \"uuid\", \"is_configured\", \"data_offset\","
                                        + " \"data_size\", \"role\"[, \"expected_uuid\"][, \"replaced_by\"], \"read_errors\", \"write_errors\", \"repaired\"}], \"health\": optimal, resyncing,"
                                        + " degraded, rebuilding, configuring or failed[, \"unsynced_rows\"][,"
                                        + " \"last_scrub\"][, \"paused\": true while a user has paused its processes]}]")
                        .example("{\"category\": \"all\"}")
                        .handledBy(this::getBdevs),
                Operation.named("bdev_raid_create", RaidParams.Create.class)
                        .describedAs(
                                "Creates an array. While members are missing it waits for them; with a superblock it is found again"
                                        + " on its members after a restart.")
                        .decodeError(PARSE_ERROR)
                        .changingConfiguration()
                        .answering("true, also if members are missing.")
                        .example(
                                "{\"name\": \"Raid0\", \"raid_level\": \"raid1\", \"base_bdevs\": [\"Malloc0\", \"Malloc1\"], \"superblock\": true}")
                        .handledBy(this::create),
                Operation.named("bdev_raid_delete", RaidParams.Delete.class)
                        .describedAs("Deletes an array; its members stay. Answers when everybody has closed its bdev.")
                        .decodeError(PARSE_ERROR)
                        .changingConfiguration()
                        .example("{\"name\": \"Raid0\", \"clear_sb\": true}")
                        .handledBy(this::delete),
                Operation.named("bdev_raid_add_base_bdev", RaidParams.AddBase.class)
                        .describedAs("Puts a bdev into an empty slot of an array; on one that is online it is rebuilt.")
                        .changingConfiguration()
                        .example("{\"raid_bdev\": \"Raid0\", \"base_bdev\": \"Malloc2\"}")
                        .handledBy(this::addBase),
                Operation.named("bdev_raid_grow_base_bdev", RaidParams.GrowBase.class)
                        .describedAs(
                                "Gives a raid1 array that is online one leg more, which is rebuilt in the background. The name and"
                                        + " the parameters are those of the fork of SPDK that Longhorn uses.")
                        .changingConfiguration()
                        .example("{\"raid_name\": \"Raid0\", \"base_name\": \"Malloc2\"}")
                        .handledBy(this::growBase),
                Operation.named("bdev_raid_replace_base_bdev", RaidParams.ReplaceBase.class)
                        .describedAs(
                                "Replaces a member of a redundant array while it works: the new bdev is filled beside it in the"
                                        + " background, and then takes its place. Until then the array is what it was; the removal of"
                                        + " the new bdev ends that.")
                        .changingConfiguration()
                        .example(
                                "{\"raid_name\": \"Raid0\", \"base_name\": \"Malloc1\", \"new_base_name\": \"Malloc2\"}")
                        .handledBy(this::replaceBase),
                Operation.named("bdev_raid_remove_base_bdev", RaidParams.RemoveBase.class)
                        .describedAs(
                                "Takes a member out of its array, which goes on without it if it can, and goes offline if not.")
                        .decodeError(PARSE_ERROR)
                        .changingConfiguration()
                        .example("{\"name\": \"Malloc1\"}")
                        .handledBy(this::removeBase),
                Operation.named("bdev_raid_add_spare", RaidParams.AddSpare.class)
                        .describedAs(
                                "Keeps a bdev ready for a member that fails, or is away for long: the smallest that fits is taken by"
                                        + " itself. It is claimed while it waits.")
                        .changingConfiguration()
                        .example("{\"base_bdev\": \"Malloc3\"}")
                        .handledBy(
                                p -> arrays.addSpare(p.baseBdev(), p.raidBdev()).thenApply(done -> true)),
                Operation.named("bdev_raid_remove_spare", RaidParams.RemoveSpare.class)
                        .describedAs("Keeps a bdev ready no longer.")
                        .changingConfiguration()
                        .example("{\"base_bdev\": \"Malloc3\"}")
                        .handledBy(this::removeSpare),
                Operation.named("bdev_raid_get_spares", Operation.None.class)
                        .describedAs("Lists the spares that wait.")
                        .answering(
                                "[{\"base_bdev\", \"raid_bdev\": the array that it is for, null for all, \"present\"}]")
                        .handledBy(p -> CompletableFuture.completedFuture(
                                arrays.spares().describe())),
                Operation.named("bdev_raid_start_scrub", RaidParams.StartScrub.class)
                        .describedAs(
                                "Compares what the members of a redundant array hold, and repairs differences if asked to.")
                        .example("{\"name\": \"Raid0\", \"repair\": true}")
                        .handledBy(this::startScrub),
                Operation.named("bdev_raid_pause_process", RaidParams.Named.class)
                        .describedAs(
                                "Pauses the background process of an array, and those to come, until they are resumed.")
                        .example("{\"name\": \"Raid0\"}")
                        .handledBy(p -> require(p.name()).pauseProcess().thenApply(done -> true)),
                Operation.named("bdev_raid_resume_process", RaidParams.Named.class)
                        .describedAs("Lets background processes of an array go on.")
                        .example("{\"name\": \"Raid0\"}")
                        .handledBy(p -> require(p.name()).resumeProcess().thenApply(done -> true)),
                Operation.named("bdev_raid_stop_process", RaidParams.Named.class)
                        .describedAs(
                                "Stops the scrub of an array. Other processes end by themselves; a rebuild, when its target is removed.")
                        .example("{\"name\": \"Raid0\"}")
                        .handledBy(p -> require(p.name()).stopProcess().thenApply(done -> true)));
    }

    @Override
    public List<ConfigEntry> configuration() {
        return arrays.configuration();
    }

    @Override
    public void examineConfig(Bdev bdev) {
        arrays.examineConfig(bdev);
    }

    @Override
    public void restore(Bdev bdev) {
        arrays.restore(bdev);
    }

    @Override
    public boolean examinesDisk() {
        return true;
    }

    /** Before those who would take what is inside of an array for their own: a leg of a mirror looks like what the mirror holds. */
    @Override
    public int examinePriority() {
        return 50;
    }

    @Override
    public void examineDisk(Bdev bdev, Examination examination) {
        arrays.discover(bdev).whenComplete((done, failure) -> examination.done());
    }

    @Override
    public Map<String, Object> handOver() {
        return arrays.handOver();
    }

    @Override
    public CompletionStage<Void> fini() {
        return arrays.close();
    }

    private CompletionStage<Boolean> setOptions(RaidParams.SetOptions p) {
        Options before = arrays.options();
        PartialPolicies changed =
                new PartialPolicies(p.startDegradedTimeoutSec(), p.spareDelaySec(), p.maxReadErrors());
        arrays.setOptions(new Options(
                p.processWindowSizeKb().orElse(before.processWindowKb()),
                p.processMaxBandwidthMbSec().orElse(before.processMaxBandwidthMbSec()),
                changed.over(before.policies())));
        return CompletableFuture.completedFuture(true);
    }

    private CompletionStage<Boolean> setPolicy(RaidParams.SetPolicy p) {
        arrays.setPolicies(
                p.name(), new PartialPolicies(p.startDegradedTimeoutSec(), p.spareDelaySec(), p.maxReadErrors()));
        return CompletableFuture.completedFuture(true);
    }

    private CompletionStage<Boolean> reserveName(RaidParams.ReserveName p) {
        arrays.reserveName(p.name(), p.uuid());
        return CompletableFuture.completedFuture(true);
    }

    private CompletionStage<List<Map<String, Object>>> getBdevs(RaidParams.GetBdevs p) {
        return CompletableFuture.completedFuture(arrays.all().stream()
                .filter(array -> p.category().includes(array.state().toString()))
                .map(ArrayInfo::listed)
                .toList());
    }

    private CompletionStage<Boolean> create(RaidParams.Create p) {
        RaidLevel level = RaidLevel.named(p.raidLevel())
                .orElseThrow(() -> new OperationException(
                        PARSE_ERROR,
                        "spdk_json_decode_object failed: parameter raid_level must be one of raid0, 0, raid1, 1, raid5f, 5f, concat, not '"
                                + p.raidLevel() + "'",
                        Map.of("errno", Errno.EINVAL.name())));
        Definition definition =
                new Definition(p.name(), level, p.stripSizeKb(), p.baseBdevs(), p.uuid(), p.superblock());
        return answer(
                () -> arrays.create(definition, p.force()),
                cause -> "Failed to create RAID bdev " + p.name() + ": " + cause,
                p.name());
    }

    private CompletionStage<Boolean> delete(RaidParams.Delete p) {
        RaidArray array =
                arrays.find(p.name()).orElseThrow(() -> notFound("raid bdev " + p.name() + " not found", p.name()));
        return arrays.delete(array, p.clearSb()).thenApply(done -> true);
    }

    private CompletionStage<Boolean> addBase(RaidParams.AddBase p) {
        RaidArray array = arrays.find(p.raidBdev())
                .orElseThrow(() -> notFound("raid bdev " + p.raidBdev() + " is not found in config", p.raidBdev()));
        return answer(
                () -> arrays.add(array, p.baseBdev()),
                cause -> "Failed to add base bdev " + p.baseBdev() + " to RAID bdev " + p.raidBdev() + ": " + cause,
                p.raidBdev());
    }

    private CompletionStage<Boolean> growBase(RaidParams.GrowBase p) {
        RaidArray array = require(p.raidName());
        return answer(
                () -> arrays.addLeg(array, p.baseName()),
                cause -> "Failed to grow RAID bdev " + p.raidName() + " by base bdev " + p.baseName() + ": " + cause,
                p.raidName());
    }

    private CompletionStage<Boolean> replaceBase(RaidParams.ReplaceBase p) {
        RaidArray array = require(p.raidName());
        return answer(
                () -> arrays.replace(array, p.baseName(), p.newBaseName()),
                cause -> "Failed to replace base bdev " + p.baseName() + " of RAID bdev " + p.raidName() + ": " + cause,
                p.raidName());
    }

    private CompletionStage<Boolean> removeBase(RaidParams.RemoveBase p) {
        return answer(
                () -> arrays.remove(p.name()),
                cause -> "Failed to remove base bdev from raid bdev: " + cause,
                p.name());
    }

    private CompletionStage<Boolean> removeSpare(RaidParams.RemoveSpare p) {
        arrays.spares().remove(p.baseBdev());
        return CompletableFuture.completedFuture(true);
    }

    private CompletionStage<Boolean> startScrub(RaidParams.StartScrub p) {
        require(p.name()).startScrub(p.repair());
        return CompletableFuture.completedFuture(true);
    }

    private RaidArray require(String name) {
        return arrays.find(name).orElseThrow(() -> notFound("raid bdev " + name + " not found", name));
    }

    private static OperationException notFound(String message, String bdev) {
        return new OperationException(Errno.ENODEV.code(), message, Map.of("errno", Errno.ENODEV.name(), "bdev", bdev));
    }

    /** Answers true; a failure with the negative errno, SPDK's words, the errno's text and the cause. */
    private static CompletionStage<Boolean> answer(
            Supplier<CompletionStage<Void>> work, Function<String, String> words, String bdev) {
        CompletableFuture<Boolean> answer = new CompletableFuture<>();
        CompletionStage<Void> done;
        try {
            done = work.get();
        } catch (BdevException e) {
            throw refusal(e, words, bdev);
        }
        done.whenComplete((ok, failure) -> {
            if (failure == null) {
                answer.complete(true);
            } else {
                answer.completeExceptionally(refusal(
                        failure instanceof CompletionException && failure.getCause() != null
                                ? failure.getCause()
                                : failure,
                        words,
                        bdev));
            }
        });
        return answer;
    }

    private static OperationException refusal(Throwable cause, Function<String, String> words, String bdev) {
        Errno errno = cause instanceof HasErrno known ? known.errno() : Errno.EIO;
        return new OperationException(
                errno.code(),
                words.apply(errno.text() + ": " + cause.getMessage()),
                Map.of("errno", errno.name(), "bdev", bdev));
    }
}
