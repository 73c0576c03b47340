import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/** TLS from files in PEM: those of an authority, or a key with its certificates. */
final class Tls {
  static final String PASSWORD = "password"; // of the stores, which Java wants to have one
  private static final Pattern KEY = Pattern.compile("-----BEGIN PRIVATE KEY-----(.*?)-----END", Pattern.DOTALL);

  private Tls() {}

  private static KeyStore empty() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  private static Certificate[] certificates(String file) throws GeneralSecurityException, IOException {
    String all = Files.readString(Path.of(file));
    // From the first certificate on: the factory does not skip a key that stands before it.
    byte[] octets = all.substring(all.indexOf("-----BEGIN CERTIFICATE")).getBytes();
    try (InputStream in = new ByteArrayInputStream(octets)) {
      return CertificateFactory.getInstance("X.509").generateCertificates(in).toArray(new Certificate[0]);
    }
  }

  static KeyStore trusting(String file) throws GeneralSecurityException, IOException {
    KeyStore store = empty();
    store.setCertificateEntry("authority", certificates(file)[0]);
    return store;
  }

  static KeyStore serving(String file) throws GeneralSecurityException, IOException {
    Matcher key = KEY.matcher(Files.readString(Path.of(file)));
    if (!key.find()) throw new GeneralSecurityException("no private key in " + file);
    PKCS8EncodedKeySpec octets = new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(key.group(1)));
    KeyStore store = empty();
    store.setKeyEntry("peer", KeyFactory.getInstance("EC").generatePrivate(octets), PASSWORD.toCharArray(), certificates(file));
    return store;
  }

  /** A file that holds a store, for a library that wants to read it by itself. */
  static String saved(KeyStore store) throws GeneralSecurityException, IOException {
    Path file = Files.createTempFile("peer", ".p12");
    file.toFile().deleteOnExit();
    try (OutputStream out = Files.newOutputStream(file)) {
      store.store(out, PASSWORD.toCharArray());
    }
    return file.toString();
  }

  static Socket connect(String authority, String host, int port) throws IOException {
    try {
      TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(trusting(authority));
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(host, port);
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS"); // the certificate must be for this host
      socket.setSSLParameters(parameters);
      return socket;
    } catch (GeneralSecurityException error) {
      throw new IOException(error);
    }
  }

  static SSLServerSocketFactory sockets(String cert) throws GeneralSecurityException, IOException {
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(serving(cert), PASSWORD.toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    return context.getServerSocketFactory();
  }
}
