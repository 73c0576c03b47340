import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/** Commands in, events out; ../../program.py says what the lines mean. */
final class Lines {
  /** What a command does with its values. */
  interface Verb {
    void run(Map<String, String> values) throws Exception;
  }

  private Lines() {}

  /** Prints an event: its kind, then keys and values by turns; a pair whose value is null is left out. */
  static synchronized void say(String kind, Object... pairs) {
    StringBuilder line = new StringBuilder(kind);
    for (int i = 0; i < pairs.length; i += 2) {
      if (pairs[i + 1] != null) line.append(' ').append(pairs[i]).append('=').append(pairs[i + 1]);
    }
    System.out.println(line);
  }

  static void answer(Map<String, String> asked, int status, Object... pairs) {
    Object[] all = Arrays.copyOf(new Object[] {"ref", asked.get("ref"), "status", status}, 4 + pairs.length);
    System.arraycopy(pairs, 0, all, 4, pairs.length);
    say("answer", all);
  }

  /** Prints a short message that the other side sent, with the header and the text taken apart. */
  static void message(String kind, String from, String to, byte coding, byte esmClass, byte[] octets, Object... pairs) {
    int header = (esmClass & 0x40) != 0 ? 1 + (octets[0] & 0xFF) : 0;
    byte[] body = Arrays.copyOfRange(octets, header, octets.length);
    String text = new String(body, coding == 8 ? StandardCharsets.UTF_16BE : StandardCharsets.ISO_8859_1);
    Object[] common = {
      "from", from, "to", to, "coding", coding & 0xFF, "esm_class", esmClass & 0xFF,
      "text", HexFormat.of().formatHex(text.getBytes(StandardCharsets.UTF_8)),
      "udh", HexFormat.of().formatHex(octets, 0, header),
    };
    Object[] all = Arrays.copyOf(common, common.length + pairs.length);
    System.arraycopy(pairs, 0, all, common.length, pairs.length);
    say(kind, all);
  }

  static byte[] octets(Map<String, String> values) {
    return HexFormat.of().parseHex(values.getOrDefault("octets", ""));
  }

  /** Carries out commands until the input ends, and ends the program then; one that fails is answered with status -1. */
  static void listen(Map<String, Verb> verbs) throws Exception {
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
    for (String line; (line = input.readLine()) != null; ) {
      String[] words = line.split(" ");
      Map<String, String> values = new HashMap<>();
      for (String pair : Arrays.asList(words).subList(1, words.length)) {
        String[] sides = pair.split("=", 2);
        values.put(sides[0], sides[1]);
      }
      try {
        verbs.get(words[0]).run(values);
      } catch (Exception error) {
        error.printStackTrace();
        answer(values, -1);
      }
    }
    Runtime.getRuntime().halt(0);
  }
}
