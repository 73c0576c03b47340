import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jsmpp.bean.*;
import org.jsmpp.extra.NegativeResponseException;
import org.jsmpp.extra.ProcessRequestException;
import org.jsmpp.extra.SessionState;
import org.jsmpp.session.*;
import org.jsmpp.session.connection.ServerConnection;
import org.jsmpp.session.connection.ServerConnectionFactory;
import org.jsmpp.session.connection.socket.ServerSocketConnection;
import org.jsmpp.util.InvalidDeliveryReceiptException;
import org.jsmpp.util.MessageId;

/** jSMPP as ESME and as carrier. */
final class Jsmpp {
  private static final Map<String, BindType> MODES =
      Map.of("transmitter", BindType.BIND_TX, "receiver", BindType.BIND_RX, "transceiver", BindType.BIND_TRX);
  private static final int RINVPASWD = 0x0E;
  private static final int RSYSERR = 0x08;

  private static SMPPSession session; // as ESME
  private static final Map<String, SMPPServerSession> sessions = new ConcurrentHashMap<>(); // as carrier: the newest of each mode
  private static final AtomicInteger ids = new AtomicInteger();

  public static void main(String[] arguments) throws Exception {
    Lines.listen(Map.of(
        "bind", Jsmpp::bind, "submit", Jsmpp::submit, "serve", Jsmpp::serve, "deliver", Jsmpp::deliver, "unbind", Jsmpp::unbind));
  }

  private static void changed(SessionState now, SessionState before, Session source) {
    if (now == SessionState.CLOSED) Lines.say("closed");
  }

  private static void bind(Map<String, String> a) throws Exception {
    session = new SMPPSession();
    int enquire = Integer.parseInt(a.get("enquire"));
    session.setEnquireLinkTimer(enquire == 0 ? 60_000 : enquire);
    session.addSessionStateListener(Jsmpp::changed);
    session.setMessageReceiverListener(new Receiver());
    try {
      session.connectAndBind(a.get("host"), Integer.parseInt(a.get("port")), new BindParameter(
          MODES.get(a.get("mode")), a.get("system_id"), a.get("password"), "", TypeOfNumber.UNKNOWN, NumberingPlanIndicator.UNKNOWN, null,
          InterfaceVersion.IF_34));
      Lines.answer(a, 0);
    } catch (IOException error) {
      if (!(error.getCause() instanceof NegativeResponseException refusal)) throw error;
      Lines.answer(a, refusal.getCommandStatus());
    }
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
    public void onAcceptAlertNotification(AlertNotification notification) {}

    @Override
    public DataSmResult onAcceptDataSm(DataSm sm, Session source) throws ProcessRequestException {
      throw new ProcessRequestException("not expected", RSYSERR);
    }
  }

  private static void submit(Map<String, String> a) throws Exception {
    boolean payload = "1".equals(a.get("payload"));
    byte[] octets = Lines.octets(a);
    OptionalParameter[] tlvs = payload ? new OptionalParameter[] {new OptionalParameter.Message_payload(octets)} : new OptionalParameter[0];
    try {
      SubmitSmResult result = session.submitShortMessage(
          "", TypeOfNumber.UNKNOWN, NumberingPlanIndicator.UNKNOWN, a.get("from"), TypeOfNumber.INTERNATIONAL, NumberingPlanIndicator.ISDN,
          a.get("to"), new ESMClass(Integer.parseInt(a.get("esm_class"))), (byte) 0, (byte) 0, null, null,
          new RegisteredDelivery(Integer.parseInt(a.get("receipt"))), (byte) 0, coding(a), (byte) 0, payload ? new byte[0] : octets, tlvs);
      Lines.answer(a, 0, "id", result.getMessageId());
    } catch (NegativeResponseException refusal) {
      Lines.answer(a, refusal.getCommandStatus());
    }
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
    SMPPServerSessionListener listener = new SMPPServerSessionListener(Integer.parseInt(a.get("port")), new Loopback());
    listener.setMessageReceiverListener(new Carrier());
    Thread accepting = new Thread(() -> {
      while (true) {
        try {
          SMPPServerSession made = listener.accept();
          made.setEnquireLinkTimer(enquire);
          made.addSessionStateListener(Jsmpp::changed);
          new Thread(() -> greet(made, a.get("password"))).start();
        } catch (IOException error) {
          error.printStackTrace();
        }
      }
    });
    accepting.setDaemon(true);
    accepting.start();
    Lines.answer(a, 0);
  }

  private static void greet(SMPPServerSession made, String password) {
    try {
      BindRequest request = made.waitForBind(10_000);
      if (!request.getPassword().equals(password)) {
        request.reject(RINVPASWD);
        return;
      }
      String mode = MODES.entrySet().stream().filter(e -> e.getValue() == request.getBindType()).findFirst().orElseThrow().getKey();
      sessions.put(mode, made);
      request.accept("jsmpp", InterfaceVersion.IF_34);
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
    try {
      sessions.get(a.get("mode")).deliverShortMessage(
          "", TypeOfNumber.INTERNATIONAL, NumberingPlanIndicator.ISDN, a.get("from"), TypeOfNumber.UNKNOWN, NumberingPlanIndicator.UNKNOWN,
          a.get("to"), new ESMClass(Integer.parseInt(a.get("esm_class"))), (byte) 0, (byte) 0, new RegisteredDelivery(0), coding(a),
          Lines.octets(a), tlvs);
      Lines.answer(a, 0);
    } catch (NegativeResponseException refusal) {
      Lines.answer(a, refusal.getCommandStatus());
    }
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
      try {
        return new SubmitSmResult(new MessageId(id), new OptionalParameter[0]);
      } catch (org.jsmpp.PDUStringException error) {
        throw new IllegalStateException(error);
      }
    }

    @Override
    public SubmitMultiResult onAcceptSubmitMulti(SubmitMulti sm, SMPPServerSession source) throws ProcessRequestException { throw no(); }

    @Override
    public QuerySmResult onAcceptQuerySm(QuerySm sm, SMPPServerSession source) throws ProcessRequestException { throw no(); }

    @Override
    public void onAcceptReplaceSm(ReplaceSm sm, SMPPServerSession source) throws ProcessRequestException { throw no(); }

    @Override
    public void onAcceptCancelSm(CancelSm sm, SMPPServerSession source) throws ProcessRequestException { throw no(); }

    @Override
    public BroadcastSmResult onAcceptBroadcastSm(BroadcastSm sm, SMPPServerSession source) throws ProcessRequestException { throw no(); }

    @Override
    public void onAcceptCancelBroadcastSm(CancelBroadcastSm sm, SMPPServerSession source) throws ProcessRequestException { throw no(); }

    @Override
    public QueryBroadcastSmResult onAcceptQueryBroadcastSm(QueryBroadcastSm sm, SMPPServerSession source) throws ProcessRequestException {
      throw no();
    }

    @Override
    public DataSmResult onAcceptDataSm(DataSm sm, Session source) throws ProcessRequestException { throw no(); }
  }

  /** Listens on loopback only. */
  private static final class Loopback implements ServerConnectionFactory {
    @Override
    public ServerConnection listen(int port) throws IOException { return listen(port, 0, 50); }

    @Override
    public ServerConnection listen(int port, int timeout) throws IOException { return listen(port, timeout, 50); }

    @Override
    public ServerConnection listen(int port, int timeout, int backlog) throws IOException {
      ServerSocket socket = new ServerSocket(port, backlog, InetAddress.getLoopbackAddress());
      socket.setSoTimeout(timeout);
      return new ServerSocketConnection(socket);
    }
  }
}
