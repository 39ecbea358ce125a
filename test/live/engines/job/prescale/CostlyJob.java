package prescale;

import java.io.Serializable;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.serialization.SimpleStringSchema;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.windowing.assigners.TumblingProcessingTimeWindows;
import org.apache.flink.util.ParameterTool;

/**
 * Records "key,millis" from Kafka, parsed, counted by key in windows, written to Kafka as "key,count,oldest millis". Parsing and counting
 * cost a known time for each record, so that the capacity of a subtask is known: 500 µs are 2,000 records a second.
 */
public final class CostlyJob {
  /** Sleeps what records cost, in pieces of a millisecond: a sleeping task is busy for Flink and takes no core. */
  static final class Cost implements Serializable {
    private static final long PIECE = 1_000_000;
    private final long nanosPerRecord;
    private transient long owed;

    Cost(long micros) {
      nanosPerRecord = micros * 1_000;
    }

    void charge() {
      owed += nanosPerRecord;
      if (owed < PIECE) return;
      long began = System.nanoTime();
      LockSupport.parkNanos(owed);
      // Slept too long is paid in advance.
      owed -= System.nanoTime() - began;
    }
  }

  static final class Parse implements MapFunction<String, Tuple2<String, Long>> {
    private final Cost cost;

    Parse(long micros) {
      cost = new Cost(micros);
    }

    @Override
    public Tuple2<String, Long> map(String line) {
      cost.charge();
      int comma = line.indexOf(',');
      return Tuple2.of(line.substring(0, comma), Long.parseLong(line.substring(comma + 1).trim()));
    }
  }

  /** Key, count, oldest stamp, as one text in the end. */
  static final class Count implements AggregateFunction<Tuple2<String, Long>, String[], String> {
    private final Cost cost;

    Count(long micros) {
      cost = new Cost(micros);
    }

    @Override
    public String[] createAccumulator() {
      return new String[] {"", "0", String.valueOf(Long.MAX_VALUE)};
    }

    @Override
    public String[] add(Tuple2<String, Long> record, String[] sum) {
      cost.charge();
      long count = Long.parseLong(sum[1]) + 1;
      long oldest = Math.min(Long.parseLong(sum[2]), record.f1);
      return new String[] {record.f0, String.valueOf(count), String.valueOf(oldest)};
    }

    @Override
    public String getResult(String[] sum) {
      return String.join(",", sum);
    }

    @Override
    public String[] merge(String[] a, String[] b) {
      long count = Long.parseLong(a[1]) + Long.parseLong(b[1]);
      long oldest = Math.min(Long.parseLong(a[2]), Long.parseLong(b[2]));
      return new String[] {a[0].isEmpty() ? b[0] : a[0], String.valueOf(count), String.valueOf(oldest)};
    }
  }

  public static void main(String[] args) throws Exception {
    ParameterTool given = ParameterTool.fromArgs(args);
    String brokers = given.getRequired("brokers");
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    KafkaSource<String> source =
        KafkaSource.<String>builder()
            .setBootstrapServers(brokers)
            .setTopics(given.get("in", "in"))
            .setGroupId(given.get("group", "prescale-job"))
            .setStartingOffsets(OffsetsInitializer.earliest())
            .setValueOnlyDeserializer(new SimpleStringSchema())
            .build();
    KafkaSink<String> sink =
        KafkaSink.<String>builder()
            .setBootstrapServers(brokers)
            .setRecordSerializer(
                KafkaRecordSerializationSchema.<String>builder()
                    .setTopic(given.get("out", "out"))
                    .setValueSerializationSchema(new SimpleStringSchema())
                    .build())
            .setDeliveryGuarantee(given.has("exactly-once") ? DeliveryGuarantee.EXACTLY_ONCE : DeliveryGuarantee.AT_LEAST_ONCE)
            .setTransactionalIdPrefix("prescale-job")
            .setProperty("transaction.timeout.ms", "60000")
            .build();
    env.fromSource(source, WatermarkStrategy.noWatermarks(), "source")
        .uid("source")
        .map(new Parse(given.getLong("parse-us", 0)))
        .returns(Types.TUPLE(Types.STRING, Types.LONG))
        .name("parse")
        .uid("parse")
        .setParallelism(given.getInt("p-parse", 1))
        .keyBy(record -> record.f0)
        .window(TumblingProcessingTimeWindows.of(Duration.ofMillis(given.getLong("window-ms", 1000))))
        .aggregate(new Count(given.getLong("count-us", 0)))
        .name("count")
        .uid("count")
        .setParallelism(given.getInt("p-count", 1))
        .sinkTo(sink)
        .name("sink")
        .uid("sink");
    env.execute(given.get("name", "costly"));
  }

  private CostlyJob() {}
}
