// Servers of Java's own TLS, for tls-targets.test.ts: java Server.java KEYSTORE PROTOCOLS:SUITES:CLIENTS …
// Prints a line with a port for each; ends when its standard input does.
import java.io.FileInputStream;
import java.net.InetAddress;
import java.security.KeyStore;
import java.security.Security;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

public class Server {
  public static void main(String[] args) throws Exception {
    // What java.security forbids by default, old versions and anonymous suites, some of these servers speak.
    Security.setProperty("jdk.tls.disabledAlgorithms", "");
    char[] password = "tallystick".toCharArray();
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(new FileInputStream(args[0]), password);
    KeyManagerFactory keys = KeyManagerFactory.getInstance("SunX509");
    keys.init(store, password);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    for (int i = 1; i < args.length; i++) {
      String[] asked = args[i].split(":", -1);
      SSLServerSocket server =
          (SSLServerSocket)
              context.getServerSocketFactory().createServerSocket(0, 64, InetAddress.getByName("127.0.0.1"));
      server.setEnabledProtocols(asked[0].split(","));
      if (!asked[1].isEmpty()) server.setEnabledCipherSuites(asked[1].split(","));
      server.setNeedClientAuth(asked[2].equals("clients"));
      Thread thread = new Thread(() -> serve(server));
      thread.setDaemon(true);
      thread.start();
      System.out.println("port " + server.getLocalPort());
    }
    System.out.flush();
    while (System.in.read() >= 0) {}
    System.exit(0);
  }

  static void serve(SSLServerSocket server) {
    while (true) {
      try (SSLSocket socket = (SSLSocket) server.accept()) {
        socket.startHandshake();
      } catch (Exception refused) {
        // The next one.
      }
    }
  }
}
