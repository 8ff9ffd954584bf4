package peer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.microsoft.durabletask.DurableTaskClient;
import com.microsoft.durabletask.DurableTaskGrpcClientBuilder;
import com.microsoft.durabletask.DurableTaskGrpcWorker;
import com.microsoft.durabletask.DurableTaskGrpcWorkerBuilder;
import com.microsoft.durabletask.FailureDetails;
import com.microsoft.durabletask.NewOrchestrationInstanceOptions;
import com.microsoft.durabletask.OrchestrationMetadata;
import com.microsoft.durabletask.RetryPolicy;
import com.microsoft.durabletask.Task;
import com.microsoft.durabletask.TaskActivity;
import com.microsoft.durabletask.TaskActivityFactory;
import com.microsoft.durabletask.TaskOptions;
import com.microsoft.durabletask.TaskOrchestration;
import com.microsoft.durabletask.TaskOrchestrationContext;
import com.microsoft.durabletask.TaskOrchestrationFactory;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Level;
import java.util.logging.Logger;

/** The application that every peer brings, on the Java SDK: {@code worker ADDRESS} or {@code client ADDRESS}. */
public final class Peer {
  private static final ObjectMapper json = new ObjectMapper();
  private static final Map<String, Integer> attempts = new ConcurrentHashMap<>();

  public static final class PeerError extends RuntimeException {
    PeerError(String message) {
      super(message);
    }
  }

  public static void main(String[] args) throws Exception {
    Logger.getLogger("").setLevel(Level.OFF);
    Logger.getLogger("com.microsoft.durabletask").setLevel(Level.OFF);
    ManagedChannel channel =
        ManagedChannelBuilder.forTarget(args[1])
            .usePlaintext()
            .maxInboundMessageSize(Integer.MAX_VALUE)
            .build();
    if (args[0].equals("worker")) runWorker(channel);
    else runClient(channel);
    System.exit(0);
  }

  private static void runWorker(ManagedChannel channel) throws Exception {
    DurableTaskGrpcWorkerBuilder builder = new DurableTaskGrpcWorkerBuilder().grpcChannel(channel);
    addActivities(builder);
    addOrchestrators(builder);
    try (DurableTaskGrpcWorker worker = builder.build()) {
      worker.start();
      System.out.println("ready");
      while (System.in.read() >= 0) {}
    }
  }

  private static void addActivities(DurableTaskGrpcWorkerBuilder builder) {
    activity(builder, "Add", ctx -> ctx.getInput(Integer.class) + 1);
    activity(builder, "Upper", ctx -> ctx.getInput(String.class).toUpperCase());
    activity(builder, "Text", ctx -> "x".repeat(ctx.getInput(Integer.class)));
    activity(builder, "Slow", ctx -> slow(ctx.getInput(Integer.class)));
    activity(
        builder,
        "Fail",
        ctx -> {
          throw new PeerError(ctx.getInput(String.class));
        });
    activity(builder, "Flaky", ctx -> flaky(ctx.getInput(JsonNode.class)));
  }

  private static void addOrchestrators(DurableTaskGrpcWorkerBuilder builder) {
    orchestrator(
        builder,
        "Chain",
        ctx -> {
          int value = ctx.getInput(Integer.class);
          for (int step = 0; step < 3; step++) value = add(ctx, value).await();
          ctx.complete(value);
        });
    orchestrator(
        builder, "FanOut", ctx -> ctx.complete(sum(fanOut(ctx, ctx.getInput(Integer.class)))));
    orchestrator(
        builder,
        "Many",
        ctx -> {
          int wanted = ctx.getInput(Integer.class);
          int done = 0;
          while (done < wanted) done += fanOut(ctx, 500).size();
          ctx.complete(done);
        });
    orchestrator(
        builder,
        "Timer",
        ctx -> {
          Instant begun = ctx.getCurrentInstant();
          Duration duration = Duration.ofMillis(ctx.getInput(Integer.class));
          ctx.createTimer(duration).await();
          ctx.complete(Duration.between(begun, ctx.getCurrentInstant()).compareTo(duration) >= 0);
        });
    orchestrator(
        builder,
        "Event",
        ctx -> {
          ctx.setCustomStatus("waiting");
          ctx.complete(
              ctx.waitForExternalEvent(ctx.getInput(String.class), JsonNode.class).await());
        });
    orchestrator(
        builder,
        "Parent",
        ctx ->
            ctx.complete(
                2
                    * ctx.callSubOrchestrator("Chain", ctx.getInput(Integer.class), Integer.class)
                        .await()));
    orchestrator(
        builder,
        "Retry",
        ctx -> {
          Map<String, Object> call = new HashMap<>();
          call.put("key", ctx.getInstanceId());
          call.put("failures", ctx.getInput(Integer.class));
          TaskOptions options = new TaskOptions(new RetryPolicy(5, Duration.ofMillis(100)));
          ctx.complete(ctx.callActivity("Flaky", call, options, Integer.class).await());
        });
    orchestrator(
        builder,
        "Generations",
        ctx -> {
          int left = ctx.getInput(Integer.class);
          add(ctx, left).await();
          if (left > 0) ctx.continueAsNew(left - 1);
          else ctx.complete("done");
        });
    orchestrator(
        builder,
        "Failing",
        ctx -> ctx.callActivity("Fail", ctx.getInput(String.class), Void.class).await());
    orchestrator(
        builder,
        "Payload",
        ctx -> {
          String text =
              ctx.callActivity("Text", ctx.getInput(Integer.class), String.class).await();
          ctx.complete(ctx.callActivity("Upper", text, String.class).await());
        });
    orchestrator(
        builder,
        "History",
        ctx -> {
          int length = 0;
          for (int left = ctx.getInput(Integer.class); left > 0; left--) {
            length += ctx.callActivity("Text", 512 * 1024, String.class).await().length();
          }
          ctx.complete(length);
        });
    orchestrator(
        builder,
        "SlowChain",
        ctx -> {
          int steps = ctx.getInput(Integer.class);
          for (int step = 0; step < steps; step++) {
            ctx.callActivity("Slow", 20, Integer.class).await();
          }
          ctx.complete(steps);
        });
    orchestrator(
        builder,
        "Call",
        ctx -> {
          JsonNode call = ctx.getInput(JsonNode.class);
          ctx.complete(
              ctx.callActivity(call.get("name").asText(), call.get("input"), JsonNode.class)
                  .await());
        });
  }

  private static Task<Integer> add(TaskOrchestrationContext ctx, int value) {
    return ctx.callActivity("Add", value, Integer.class);
  }

  private static List<Integer> fanOut(TaskOrchestrationContext ctx, int count) {
    List<Task<Integer>> tasks = new ArrayList<>();
    for (int i = 0; i < count; i++) tasks.add(add(ctx, i));
    return ctx.allOf(tasks).await();
  }

  private static int sum(List<Integer> values) {
    return values.stream().mapToInt(Integer::intValue).sum();
  }

  private static int slow(int ms) {
    try {
      Thread.sleep(ms);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    return ms;
  }

  private static int flaky(JsonNode call) {
    int attempt = attempts.merge(call.get("key").asText(), 1, Integer::sum);
    if (attempt <= call.get("failures").asInt()) throw new PeerError("not yet");
    return attempt;
  }

  private static void activity(
      DurableTaskGrpcWorkerBuilder builder, String name, TaskActivity activity) {
    builder.addActivity(
        new TaskActivityFactory() {
          @Override
          public String getName() {
            return name;
          }

          @Override
          public TaskActivity create() {
            return activity;
          }
        });
  }

  private static void orchestrator(
      DurableTaskGrpcWorkerBuilder builder, String name, TaskOrchestration orchestrator) {
    builder.addOrchestration(
        new TaskOrchestrationFactory() {
          @Override
          public String getName() {
            return name;
          }

          @Override
          public TaskOrchestration create() {
            return orchestrator;
          }
        });
  }

  private static void runClient(ManagedChannel channel) throws Exception {
    DurableTaskClient client = new DurableTaskGrpcClientBuilder().grpcChannel(channel).build();
    System.out.println("ready");
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      Map<String, Object> answer = new HashMap<>();
      try {
        answer.put("result", carryOut(client, json.readTree(line)));
      } catch (Exception error) {
        answer.put("error", error.toString());
      }
      System.out.println(json.writeValueAsString(answer));
    }
  }

  private static Object carryOut(DurableTaskClient client, JsonNode command) throws Exception {
    String id = command.path("id").asText(null);
    switch (command.get("op").asText()) {
      case "schedule":
        NewOrchestrationInstanceOptions options = new NewOrchestrationInstanceOptions();
        if (id != null) options.setInstanceId(id);
        if (command.has("version")) options.setVersion(command.get("version").asText());
        if (command.has("input")) options.setInput(command.get("input"));
        if (command.has("delayMs")) {
          options.setStartTime(Instant.now().plusMillis(command.get("delayMs").asInt()));
        }
        return client.scheduleNewOrchestrationInstance(command.get("name").asText(), options);
      case "state":
        OrchestrationMetadata state = client.getInstanceMetadata(id, true);
        return state.isInstanceFound() ? described(state) : null;
      case "wait":
        return described(client.waitForInstanceCompletion(id, Duration.ofSeconds(60), true));
      case "raise":
        client.raiseEvent(id, command.get("event").asText(), command.get("data"));
        return null;
      case "suspend":
        client.suspendInstance(id);
        return null;
      case "resume":
        client.resumeInstance(id);
        return null;
      case "terminate":
        client.terminate(id, command.get("output"));
        return null;
      case "purge":
        return client.purgeInstance(id).getDeletedInstanceCount();
      default:
        throw new IllegalArgumentException(command.toString());
    }
  }

  private static Map<String, Object> described(OrchestrationMetadata state) {
    Map<String, Object> result = new HashMap<>();
    result.put("status", state.getRuntimeStatus().name());
    result.put("output", state.getSerializedOutput());
    boolean hasStatus = state.isCustomStatusFetched();
    result.put(
        "customStatus", hasStatus ? state.readCustomStatusAs(JsonNode.class).toString() : null);
    FailureDetails failure = state.getFailureDetails();
    // The SDK gives one with empty fields where there is none.
    if (failure != null && !failure.getErrorType().isEmpty()) {
      Map<String, String> details = new HashMap<>();
      details.put("type", failure.getErrorType());
      details.put("message", failure.getErrorMessage());
      result.put("failure", details);
    } else {
      result.put("failure", null);
    }
    return result;
  }

  private Peer() {}
}
