import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import javax.net.ServerSocketFactory;
import org.jsmpp.DefaultPDUReader;
import org.jsmpp.DefaultPDUSender;
import org.jsmpp.PDUStringException;
import org.jsmpp.SynchronizedPDUSender;
import org.jsmpp.bean.*;
import org.jsmpp.extra.NegativeResponseException;
import org.jsmpp.extra.ProcessRequestException;
import org.jsmpp.extra.SessionState;
import org.jsmpp.session.*;
import org.jsmpp.session.connection.ConnectionFactory;
import org.jsmpp.session.connection.ServerConnection;
import org.jsmpp.session.connection.ServerConnectionFactory;
import org.jsmpp.session.connection.socket.ServerSocketConnection;
import org.jsmpp.session.connection.socket.SocketConnection;
import org.jsmpp.session.connection.socket.SocketConnectionFactory;
import org.jsmpp.util.DefaultDecomposer;
import org.jsmpp.util.InvalidDeliveryReceiptException;
import org.jsmpp.util.MessageId;

/** jSMPP as ESME and as carrier. */
final class Jsmpp {
  private static final Map<String, BindType> MODES =
      Map.of("transmitter", BindType.BIND_TX, "receiver", BindType.BIND_RX, "transceiver", BindType.BIND_TRX);
  private static final int RINVDSTADR = 0x0B;
  private static final int RINVPASWD = 0x0E;
  private static final int RSYSERR = 0x08;
  private static final byte[] AREA = "\0Lund".getBytes(); // by its name, where every broadcast goes, and how many of 100 it reaches
  private static final byte REACHED = 97;

  private static SMPPSession session; // as ESME
  private static final Map<String, SMPPServerSession> sessions = new ConcurrentHashMap<>(); // as carrier: the newest of each mode
  private static final AtomicInteger ids = new AtomicInteger();

  public static void main(String[] arguments) throws Exception {
    Lines.listen(Map.ofEntries(
        Map.entry("bind", Jsmpp::bind), Map.entry("submit", Jsmpp::submit), Map.entry("multi", Jsmpp::multi), Map.entry("data", Jsmpp::data),
        Map.entry("query", Jsmpp::query), Map.entry("cancel", Jsmpp::cancel), Map.entry("replace", Jsmpp::replace),
        Map.entry("serve", Jsmpp::serve), Map.entry("deliver", Jsmpp::deliver), Map.entry("alert", Jsmpp::alert),
        Map.entry("unbind", Jsmpp::unbind)));
  }

  private static void changed(SessionState now, SessionState before, Session source) {
    if (now == SessionState.CLOSED) Lines.say("closed");
  }

  /** Keeps the response to a bind, of which the session does not tell all. */
  private static final class Reader extends DefaultPDUReader {
    Integer version; // sc_interface_version

    @Override
    public byte[] readPDU(DataInputStream in, Command header) throws IOException {
      byte[] octets = super.readPDU(in, header);
      if (Arrays.stream(BindType.values()).anyMatch(type -> type.responseCommandId() == header.getCommandId())) {
        try {
          var said = new DefaultDecomposer().bindResp(octets).getOptionalParameter(OptionalParameter.Sc_interface_version.class);
          version = said == null ? null : (int) said.getValue();
        } catch (PDUStringException error) {
          throw new IOException(error);
        }
      }
      return octets;
    }
  }

  private static void bind(Map<String, String> a) throws Exception {
    ConnectionFactory connecting = a.get("ca") == null
        ? SocketConnectionFactory.getInstance()
        : (host, port) -> new SocketConnection(Tls.connect(a.get("ca"), host, port));
    Reader reader = new Reader();
    session = new SMPPSession(new SynchronizedPDUSender(new DefaultPDUSender()), reader, connecting);
    int enquire = Integer.parseInt(a.get("enquire"));
    session.setEnquireLinkTimer(enquire == 0 ? 60_000 : enquire);
    session.addSessionStateListener(Jsmpp::changed);
    session.setMessageReceiverListener(new Receiver());
    try {
      session.connectAndBind(a.get("host"), Integer.parseInt(a.get("port")), new BindParameter(
          MODES.get(a.get("mode")), a.get("system_id"), a.get("password"), "", TypeOfNumber.UNKNOWN, NumberingPlanIndicator.UNKNOWN, null,
          version(a)));
      Lines.answer(a, 0, "version", reader.version);
    } catch (IOException error) {
      if (!(error.getCause() instanceof NegativeResponseException refusal)) throw error;
      Lines.answer(a, refusal.getCommandStatus());
    }
  }

  private static InterfaceVersion version(Map<String, String> a) {
    return InterfaceVersion.valueOf((byte) Integer.parseInt(a.getOrDefault("version", "52")));
  }

  private static final class Receiver implements MessageReceiverListener {
    @Override
    public void onAcceptDeliverSm(DeliverSm sm) {
      OptionalParameter.Receipted_message_id receipted = sm.getOptionalParameter(OptionalParameter.Receipted_message_id.class);
      OptionalParameter.Message_state state = sm.getOptionalParameter(OptionalParameter.Message_state.class);
      String parsed = null;
      if (sm.isSmscDeliveryReceipt()) {
        try {
          DeliveryReceipt receipt = sm.getShortMessageAsDeliveryReceipt();
          parsed = receipt.getId() + ":" + receipt.getFinalStatus();
        } catch (InvalidDeliveryReceiptException error) {
          parsed = "none";
        }
      }
      Lines.message("deliver", sm.getSourceAddr(), sm.getDestAddress(), sm.getDataCoding(), sm.getEsmClass(), sm.getShortMessage(),
          "receipted", receipted == null ? null : receipted.getValueAsString(),
          "state", state == null ? null : state.getValue(), "parsed", parsed);
    }

    @Override
    public void onAcceptAlertNotification(AlertNotification alert) {
      Lines.say("alert", "from", alert.getSourceAddr(), "to", alert.getEsmeAddr());
    }

    @Override
    public DataSmResult onAcceptDataSm(DataSm sm, Session source) throws ProcessRequestException {
      throw new ProcessRequestException("not expected", RSYSERR);
    }
  }

  /** A request, and what its response says. */
  private interface Request {
    Object[] send() throws Exception;
  }

  private static void ask(Map<String, String> a, Request request) throws Exception {
    try {
      Lines.answer(a, 0, request.send());
    } catch (NegativeResponseException refusal) {
      Lines.answer(a, refusal.getCommandStatus());
    }
  }

  private static Object[] said(Object... pairs) {
    return pairs;
  }

  private static void submit(Map<String, String> a) throws Exception {
    boolean payload = "1".equals(a.get("payload"));
    byte[] octets = Lines.octets(a);
    OptionalParameter[] tlvs = payload ? new OptionalParameter[] {new OptionalParameter.Message_payload(octets)} : new OptionalParameter[0];
    ask(a, () -> said("id", session.submitShortMessage(
        "", TypeOfNumber.UNKNOWN, NumberingPlanIndicator.UNKNOWN, a.get("from"), TypeOfNumber.INTERNATIONAL, NumberingPlanIndicator.ISDN,
        a.get("to"), esmClass(a), (byte) 0, (byte) 0, a.get("schedule"), null, receipt(a), (byte) 0, coding(a), (byte) 0,
        payload ? new byte[0] : octets, tlvs).getMessageId()));
  }

  private static void multi(Map<String, String> a) throws Exception {
    Address[] to = Arrays.stream(a.get("to").split(","))
        .map(number -> new Address(TypeOfNumber.INTERNATIONAL, NumberingPlanIndicator.ISDN, number)).toArray(Address[]::new);
    ask(a, () -> {
      SubmitMultiResult result = session.submitMultiple(
          "", TypeOfNumber.UNKNOWN, NumberingPlanIndicator.UNKNOWN, a.get("from"), to, esmClass(a), (byte) 0, (byte) 0, null, null,
          new RegisteredDelivery(0), ReplaceIfPresentFlag.DONT_REPLACE, coding(a), (byte) 0, Lines.octets(a));
      String refused = Arrays.stream(result.getUnsuccessDeliveries())
          .map(one -> one.getDestinationAddress().getAddress() + ":" + one.getErrorStatusCode()).collect(Collectors.joining(","));
      return said("id", result.getMessageId(), "refused", refused.isEmpty() ? null : refused);
    });
  }

  private static void data(Map<String, String> a) throws Exception {
    ask(a, () -> said("id", session.dataShortMessage(
        "", TypeOfNumber.UNKNOWN, NumberingPlanIndicator.UNKNOWN, a.get("from"), TypeOfNumber.INTERNATIONAL, NumberingPlanIndicator.ISDN,
        a.get("to"), esmClass(a), receipt(a), coding(a), new OptionalParameter.Message_payload(Lines.octets(a))).getMessageId()));
  }

  private static void query(Map<String, String> a) throws Exception {
    ask(a, () -> said("state", session.queryShortMessage(
        a.get("id"), TypeOfNumber.UNKNOWN, NumberingPlanIndicator.UNKNOWN, a.get("from")).getMessageState().value()));
  }

  private static void cancel(Map<String, String> a) throws Exception {
    ask(a, () -> {
      session.cancelShortMessage(
          "", a.get("id"), TypeOfNumber.UNKNOWN, NumberingPlanIndicator.UNKNOWN, a.get("from"), TypeOfNumber.UNKNOWN,
          NumberingPlanIndicator.UNKNOWN, "");
      return said();
    });
  }

  private static void replace(Map<String, String> a) throws Exception {
    ask(a, () -> {
      session.replaceShortMessage(
          a.get("id"), TypeOfNumber.UNKNOWN, NumberingPlanIndicator.UNKNOWN, a.get("from"), null, null, new RegisteredDelivery(1), (byte) 0,
          Lines.octets(a));
      return said();
    });
  }

  private static ESMClass esmClass(Map<String, String> a) {
    return new ESMClass(Integer.parseInt(a.get("esm_class")));
  }

  private static RegisteredDelivery receipt(Map<String, String> a) {
    return new RegisteredDelivery(Integer.parseInt(a.get("receipt")));
  }

  private static DataCoding coding(Map<String, String> a) {
    return new RawDataCoding((byte) Integer.parseInt(a.get("coding")));
  }

  private static void unbind(Map<String, String> a) {
    AbstractSession leaving = session != null ? session : sessions.get(a.get("mode"));
    leaving.unbindAndClose();
    Lines.answer(a, 0);
  }

  private static void serve(Map<String, String> a) throws Exception {
    int enquire = Integer.parseInt(a.get("enquire"));
    ServerSocketFactory sockets = a.get("cert") == null ? ServerSocketFactory.getDefault() : Tls.sockets(a.get("cert"));
    SMPPServerSessionListener listener = new SMPPServerSessionListener(Integer.parseInt(a.get("port")), new Loopback(sockets));
    listener.setMessageReceiverListener(new Carrier());
    Thread accepting = new Thread(() -> {
      while (true) {
        try {
          SMPPServerSession made = listener.accept();
          made.setEnquireLinkTimer(enquire);
          made.addSessionStateListener(Jsmpp::changed);
          new Thread(() -> greet(made, a)).start();
        } catch (IOException error) {
          error.printStackTrace();
        }
      }
    });
    accepting.setDaemon(true);
    accepting.start();
    Lines.answer(a, 0);
  }

  private static void greet(SMPPServerSession made, Map<String, String> a) {
    try {
      BindRequest request = made.waitForBind(10_000);
      if (!request.getPassword().equals(a.get("password"))) {
        request.reject(RINVPASWD);
        return;
      }
      String mode = MODES.entrySet().stream().filter(e -> e.getValue() == request.getBindType()).findFirst().orElseThrow().getKey();
      sessions.put(mode, made);
      request.accept("jsmpp", version(a));
      Lines.say("bind", "mode", mode, "system_id", request.getSystemId());
    } catch (Exception error) {
      error.printStackTrace();
      made.close();
    }
  }

  private static void deliver(Map<String, String> a) throws Exception {
    OptionalParameter[] tlvs = a.get("receipted") == null ? new OptionalParameter[0] : new OptionalParameter[] {
      new OptionalParameter.Receipted_message_id(a.get("receipted")), new OptionalParameter.Message_state(Byte.parseByte(a.get("state"))),
    };
    ask(a, () -> {
      sessions.get(a.get("mode")).deliverShortMessage(
          "", TypeOfNumber.INTERNATIONAL, NumberingPlanIndicator.ISDN, a.get("from"), TypeOfNumber.UNKNOWN, NumberingPlanIndicator.UNKNOWN,
          a.get("to"), esmClass(a), (byte) 0, (byte) 0, new RegisteredDelivery(0), coding(a), Lines.octets(a), tlvs);
      return said();
    });
  }

  private static void alert(Map<String, String> a) throws Exception {
    sessions.get(a.get("mode")).alertNotification(
        TypeOfNumber.INTERNATIONAL, NumberingPlanIndicator.ISDN, a.get("from"), TypeOfNumber.UNKNOWN, NumberingPlanIndicator.UNKNOWN,
        a.get("to"));
    Lines.answer(a, 0);
  }

  private static final class Carrier implements ServerMessageReceiverListener {
    private static ProcessRequestException no() {
      return new ProcessRequestException("not expected", RSYSERR);
    }

    @Override
    public SubmitSmResult onAcceptSubmitSm(SubmitSm sm, SMPPServerSession source) throws ProcessRequestException {
      String id = "j" + ids.incrementAndGet();
      Lines.message("submit", sm.getSourceAddr(), sm.getDestAddress(), sm.getDataCoding(), sm.getEsmClass(), sm.getShortMessage(),
          "id", id, "receipt", sm.getRegisteredDelivery());
      return new SubmitSmResult(messageId(id), new OptionalParameter[0]);
    }

    private static MessageId messageId(String id) {
      try {
        return new MessageId(id);
      } catch (PDUStringException error) {
        throw new IllegalStateException(error);
      }
    }

    @Override
    public SubmitMultiResult onAcceptSubmitMulti(SubmitMulti sm, SMPPServerSession source) {
      String id = "j" + ids.incrementAndGet();
      Address[] to = Arrays.stream(sm.getDestAddresses()).map(Address.class::cast).toArray(Address[]::new);
      UnsuccessDelivery[] refused = Arrays.stream(to).filter(one -> one.getAddress().endsWith("9"))
          .map(one -> new UnsuccessDelivery(one, RINVDSTADR)).toArray(UnsuccessDelivery[]::new);
      Lines.say("multi", "id", id, "from", sm.getSourceAddr(), "to", Arrays.stream(to).map(Address::getAddress).collect(Collectors.joining(",")),
          "text", HexFormat.of().formatHex(sm.getShortMessage()));
      return new SubmitMultiResult(id, refused, new OptionalParameter[0]);
    }

    @Override
    public QuerySmResult onAcceptQuerySm(QuerySm sm, SMPPServerSession source) {
      Lines.say("query", "id", sm.getMessageId(), "from", sm.getSourceAddr());
      return new QuerySmResult("260101000100000+", MessageState.DELIVERED, (byte) 0);
    }

    @Override
    public void onAcceptReplaceSm(ReplaceSm sm, SMPPServerSession source) {
      Lines.say("replace", "id", sm.getMessageId(), "from", sm.getSourceAddr(), "text", HexFormat.of().formatHex(sm.getShortMessage()));
    }

    @Override
    public void onAcceptCancelSm(CancelSm sm, SMPPServerSession source) {
      Lines.say("cancel", "id", sm.getMessageId(), "from", sm.getSourceAddr(), "to", sm.getDestinationAddress());
    }

    @Override
    public BroadcastSmResult onAcceptBroadcastSm(BroadcastSm sm, SMPPServerSession source) {
      String id = "j" + ids.incrementAndGet();
      byte[] text = sm.getOptionalParameter(OptionalParameter.Message_payload.class).getValue();
      byte[] area = sm.getOptionalParameter(OptionalParameter.Broadcast_area_identifier.class).getValue();
      Lines.say("broadcast", "id", id, "from", sm.getSourceAddr(), "coding", sm.getDataCoding() & 0xFF, "text", HexFormat.of().formatHex(text),
          "area", new String(area, 1, area.length - 1));
      return new BroadcastSmResult(messageId(id), new OptionalParameter[0]);
    }

    @Override
    public void onAcceptCancelBroadcastSm(CancelBroadcastSm sm, SMPPServerSession source) {
      Lines.say("cancel_broadcast", "id", sm.getMessageId(), "from", sm.getSourceAddr());
    }

    @Override
    public QueryBroadcastSmResult onAcceptQueryBroadcastSm(QueryBroadcastSm sm, SMPPServerSession source) {
      Lines.say("query_broadcast", "id", sm.getMessageId(), "from", sm.getSourceAddr());
      return new QueryBroadcastSmResult(messageId(sm.getMessageId()), new OptionalParameter[] {
        new OptionalParameter.Message_state((byte) 1), new OptionalParameter.Broadcast_area_identifier(AREA),
        new OptionalParameter.Broadcast_area_success(REACHED),
      });
    }

    @Override
    public DataSmResult onAcceptDataSm(DataSm sm, Session source) throws ProcessRequestException { throw no(); }
  }

  /** Listens on loopback only. */
  private record Loopback(ServerSocketFactory sockets) implements ServerConnectionFactory {
    @Override
    public ServerConnection listen(int port) throws IOException { return listen(port, 0, 50); }

    @Override
    public ServerConnection listen(int port, int timeout) throws IOException { return listen(port, timeout, 50); }

    @Override
    public ServerConnection listen(int port, int timeout, int backlog) throws IOException {
      ServerSocket socket = sockets.createServerSocket(port, backlog, InetAddress.getLoopbackAddress());
      socket.setSoTimeout(timeout);
      return new ServerSocketConnection(socket);
    }
  }
}
