import com.cloudhopper.smpp.*;
import com.cloudhopper.smpp.impl.DefaultSmppClient;
import com.cloudhopper.smpp.impl.DefaultSmppServer;
import com.cloudhopper.smpp.impl.DefaultSmppSessionHandler;
import com.cloudhopper.smpp.pdu.*;
import com.cloudhopper.smpp.ssl.SslConfiguration;
import com.cloudhopper.smpp.tlv.Tlv;
import com.cloudhopper.smpp.type.Address;
import com.cloudhopper.smpp.type.SmppBindException;
import com.cloudhopper.smpp.type.SmppProcessingException;
import com.cloudhopper.smpp.util.DeliveryReceipt;
import com.cloudhopper.smpp.util.DeliveryReceiptException;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.joda.time.DateTimeZone;

/** cloudhopper-smpp as ESME and as carrier. */
final class Cloudhopper {
  private static final long PATIENCE = 10_000; // ms

  private static final ScheduledExecutorService clock = Executors.newScheduledThreadPool(2);
  private static final DefaultSmppClient client = new DefaultSmppClient();
  private static SmppSession session; // as ESME
  private static final Map<String, SmppSession> sessions = new ConcurrentHashMap<>(); // as carrier: the newest of each mode
  private static final AtomicInteger ids = new AtomicInteger();

  public static void main(String[] arguments) throws Exception {
    Lines.listen(Map.of(
        "bind", Cloudhopper::bind, "submit", Cloudhopper::submit, "serve", Cloudhopper::serve, "deliver", Cloudhopper::deliver,
        "unbind", Cloudhopper::unbind, "data", Cloudhopper::data, "query", Cloudhopper::query, "cancel", Cloudhopper::cancel,
        "replace", Cloudhopper::replace));
  }

  /** Answers what the other side asks, and prints it. */
  private static final class Handler extends DefaultSmppSessionHandler {
    Integer version; // sc_interface_version, of which the session tells not all

    @Override
    public boolean firePduReceived(Pdu pdu) {
      if (pdu instanceof BaseBindResp response) {
        Tlv said = response.getOptionalParameter(SmppConstants.TAG_SC_INTERFACE_VERSION);
        version = said == null ? null : (int) said.getValue()[0];
      }
      return true;
    }

    @Override
    public PduResponse firePduRequestReceived(PduRequest request) {
      PduResponse response = request.createResponse();
      if (request instanceof DeliverSm sm) {
        Tlv receipted = sm.getOptionalParameter(SmppConstants.TAG_RECEIPTED_MSG_ID);
        Tlv state = sm.getOptionalParameter(SmppConstants.TAG_MSG_STATE);
        message("deliver", sm, "receipted", receipted == null ? null : cString(receipted),
            "state", state == null ? null : state.getValue()[0], "parsed", parsed(sm));
      } else if (request instanceof SubmitSm sm) {
        String id = "c" + ids.incrementAndGet();
        ((SubmitSmResp) response).setMessageId(id);
        message("submit", sm, "id", id, "receipt", sm.getRegisteredDelivery());
      } else if (request instanceof QuerySm sm) {
        QuerySmResp told = (QuerySmResp) response;
        told.setMessageId(sm.getMessageId());
        told.setFinalDate("260101000100000+");
        told.setMessageState(SmppConstants.STATE_DELIVERED);
        Lines.say("query", "id", sm.getMessageId(), "from", sm.getSourceAddress().getAddress());
      } else if (request instanceof CancelSm sm) {
        Lines.say("cancel", "id", sm.getMessageId(), "from", sm.getSourceAddress().getAddress(), "to", sm.getDestAddress().getAddress());
      } else if (request instanceof ReplaceSm sm) {
        Lines.say("replace", "id", sm.getMessageId(), "from", sm.getSourceAddress().getAddress(),
            "text", HexFormat.of().formatHex(sm.getShortMessage()));
      }
      return response;
    }

    @Override
    public void fireChannelUnexpectedlyClosed() {
      Lines.say("closed");
    }
  }

  private static void message(String kind, BaseSm<?> sm, Object... pairs) {
    byte[] octets = sm.getShortMessage() == null ? new byte[0] : sm.getShortMessage();
    Lines.message(kind, sm.getSourceAddress().getAddress(), sm.getDestAddress().getAddress(), sm.getDataCoding(), sm.getEsmClass(), octets, pairs);
  }

  private static String cString(Tlv tlv) {
    return new String(tlv.getValue(), 0, tlv.getValue().length - 1); // without its NUL
  }

  /** What the library's own parser makes of a receipt. */
  private static String parsed(DeliverSm sm) {
    if ((sm.getEsmClass() & 0x3C) != 0x04) return null;
    try {
      DeliveryReceipt receipt = DeliveryReceipt.parseShortMessage(new String(sm.getShortMessage()), DateTimeZone.UTC);
      return receipt.getMessageId() + ":" + DeliveryReceipt.toStateText(receipt.getState());
    } catch (DeliveryReceiptException error) {
      return "none";
    }
  }

  private static void enquire(SmppSession of, int period) {
    if (period > 0) {
      clock.scheduleAtFixedRate(() -> {
        try {
          if (of.isBound()) of.enquireLink(new EnquireLink(), PATIENCE);
        } catch (Exception error) {
          error.printStackTrace();
        }
      }, period, period, TimeUnit.MILLISECONDS);
    }
  }

  private static void bind(Map<String, String> a) throws Exception {
    SmppBindType mode = SmppBindType.valueOf(a.get("mode").toUpperCase());
    SmppSessionConfiguration wanted = new SmppSessionConfiguration(mode, a.get("system_id"), a.get("password"));
    wanted.setHost(a.get("host"));
    wanted.setPort(Integer.parseInt(a.get("port")));
    if (a.get("version") != null) wanted.setInterfaceVersion(Byte.parseByte(a.get("version")));
    if (a.get("ca") != null) {
      String authority = Tls.saved(Tls.trusting(a.get("ca")));
      SslConfiguration tls = keeping(authority); // it wants keys of its own too
      tls.setTrustStoreType("PKCS12");
      tls.setTrustStorePath(authority);
      tls.setTrustStorePassword(Tls.PASSWORD);
      wanted.setUseSsl(true);
      wanted.setSslConfiguration(tls);
    }
    Handler handler = new Handler();
    try {
      session = client.bind(wanted, handler);
      enquire(session, Integer.parseInt(a.get("enquire")));
      Lines.answer(a, 0, "version", handler.version);
    } catch (SmppBindException refusal) {
      Lines.answer(a, refusal.getBindResponse().getCommandStatus());
    }
  }

  private static SslConfiguration keeping(String keys) {
    SslConfiguration tls = new SslConfiguration();
    tls.setKeyStoreType("PKCS12");
    tls.setKeyStorePath(keys);
    tls.setKeyStorePassword(Tls.PASSWORD);
    return tls;
  }

  private static <T extends BaseSm<?>> T filled(T sm, Map<String, String> a) throws Exception {
    sm.setSourceAddress(from(a));
    sm.setDestAddress(new Address((byte) 1, (byte) 1, a.get("to")));
    sm.setDataCoding((byte) Integer.parseInt(a.get("coding")));
    sm.setEsmClass((byte) Integer.parseInt(a.get("esm_class")));
    if ("1".equals(a.get("payload"))) sm.addOptionalParameter(new Tlv(SmppConstants.TAG_MESSAGE_PAYLOAD, Lines.octets(a)));
    else sm.setShortMessage(Lines.octets(a));
    return sm;
  }

  private static void submit(Map<String, String> a) throws Exception {
    SubmitSm sm = filled(new SubmitSm(), a);
    sm.setRegisteredDelivery(Byte.parseByte(a.get("receipt")));
    sm.setScheduleDeliveryTime(a.get("schedule"));
    SubmitSmResp response = session.submit(sm, PATIENCE);
    Lines.answer(a, response.getCommandStatus(), "id", response.getMessageId());
  }

  /** Sends a request that the session has no method for; null if nothing came back. */
  private static PduResponse asked(SmppSession by, PduRequest<?> request) throws Exception {
    var sent = by.sendRequestPdu(request, PATIENCE, true);
    sent.await(PATIENCE);
    return sent.isSuccess() ? sent.getResponse() : null;
  }

  private static void answer(Map<String, String> a, PduResponse response) {
    String id = response instanceof DataSmResp data ? data.getMessageId() : null;
    Object state = response instanceof QuerySmResp query && query.getCommandStatus() == 0 ? query.getMessageState() : null;
    Lines.answer(a, response == null ? -1 : response.getCommandStatus(), "id", id, "state", state);
  }

  private static Address from(Map<String, String> a) {
    return new Address((byte) 0, (byte) 0, a.get("from"));
  }

  private static void data(Map<String, String> a) throws Exception {
    a.put("payload", "1");
    DataSm sm = filled(new DataSm(), a);
    sm.setRegisteredDelivery(Byte.parseByte(a.get("receipt")));
    answer(a, asked(session, sm));
  }

  private static void query(Map<String, String> a) throws Exception {
    QuerySm sm = new QuerySm();
    sm.setMessageId(a.get("id"));
    sm.setSourceAddress(from(a));
    answer(a, asked(session, sm));
  }

  private static void cancel(Map<String, String> a) throws Exception {
    CancelSm sm = new CancelSm();
    sm.setMessageId(a.get("id"));
    sm.setSourceAddress(from(a));
    answer(a, asked(session, sm));
  }

  private static void replace(Map<String, String> a) throws Exception {
    ReplaceSm sm = new ReplaceSm();
    sm.setMessageId(a.get("id"));
    sm.setSourceAddress(from(a));
    sm.setRegisteredDelivery((byte) 1);
    sm.setShortMessage(Lines.octets(a));
    answer(a, asked(session, sm));
  }

  private static void unbind(Map<String, String> a) {
    SmppSession leaving = session != null ? session : sessions.get(a.get("mode"));
    leaving.unbind(PATIENCE);
    leaving.destroy();
    Lines.answer(a, 0);
    Lines.say("closed");
  }

  private static void serve(Map<String, String> a) throws Exception {
    SmppServerConfiguration wanted = new SmppServerConfiguration();
    wanted.setHost("127.0.0.1");
    wanted.setPort(Integer.parseInt(a.get("port")));
    wanted.setSystemId("cloudhopper");
    if (a.get("version") != null) wanted.setInterfaceVersion(Byte.parseByte(a.get("version")));
    if (a.get("cert") != null) {
      wanted.setUseSsl(true);
      wanted.setSslConfiguration(keeping(Tls.saved(Tls.serving(a.get("cert")))));
    }
    new DefaultSmppServer(wanted, new SmppServerHandler() {
      @Override
      public void sessionBindRequested(Long id, SmppSessionConfiguration asked, BaseBind bind) throws SmppProcessingException {
        if (!asked.getPassword().equals(a.get("password"))) throw new SmppProcessingException(SmppConstants.STATUS_INVPASWD);
      }

      @Override
      public void sessionCreated(Long id, SmppServerSession made, BaseBindResp response) {
        String mode = made.getBindType().toString().toLowerCase();
        sessions.put(mode, made);
        made.serverReady(new Handler());
        enquire(made, Integer.parseInt(a.get("enquire")));
        Lines.say("bind", "mode", mode, "system_id", made.getConfiguration().getSystemId());
      }

      @Override
      public void sessionDestroyed(Long id, SmppServerSession gone) {}
    }, Executors.newCachedThreadPool()).start();
    Lines.answer(a, 0);
  }

  private static void deliver(Map<String, String> a) throws Exception {
    DeliverSm sm = filled(new DeliverSm(), a);
    if (a.get("receipted") != null) {
      sm.addOptionalParameter(new Tlv(SmppConstants.TAG_RECEIPTED_MSG_ID, (a.get("receipted") + "\0").getBytes()));
      sm.addOptionalParameter(new Tlv(SmppConstants.TAG_MSG_STATE, new byte[] {Byte.parseByte(a.get("state"))}));
    }
    answer(a, asked(sessions.get(a.get("mode")), sm));
  }
}
