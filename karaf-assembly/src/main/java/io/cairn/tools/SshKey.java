package io.cairn.tools;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.RSAPublicKey;
import java.util.Base64;
import java.util.List;

/**
 * Makes the key pair with which the remote shell is entered, and registers its public half.
 *
 * <p>RSA, because Karaf 4.4 refuses ed25519 client keys.
 */
public final class SshKey {
    private static final String USER = "karaf";
    /** A longer one would take a second of the first start. */
    private static final int BITS = 2048;

    private SshKey() {}

    /**
     * Makes one key.
     *
     * @param args the private key's file, which must not exist, and Karaf's {@code keys.properties}
     * @throws IOException if a file cannot be written
     * @throws GeneralSecurityException if this JDK has no RSA
     */
    public static void main(String[] args) throws IOException, GeneralSecurityException {
        Path file = Path.of(args[0]);
        Path registry = Path.of(args[1]);
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(BITS);
        KeyPair pair = generator.generateKeyPair();
        String key = Base64.getEncoder().encodeToString(sshEncoding((RSAPublicKey) pair.getPublic()));

        Files.createDirectories(file.toAbsolutePath().getParent());
        List<String> lines = Files.readAllLines(registry, StandardCharsets.ISO_8859_1).stream()
                .filter(line -> !line.startsWith(USER + " ") && !line.startsWith(USER + "="))
                .toList();
        String registered = String.join("\n", lines) + "\n" + USER + " = " + key + ",_g_:admingroup\n";
        replace(registry, registered);
        replace(file.resolveSibling(file.getFileName() + ".pub"), "ssh-rsa " + key + " " + USER + "\n");
        // Last: its presence says that everything else is in place.
        replace(file, pem(pair));
    }

    private static String pem(KeyPair pair) {
        Base64.Encoder encoder = Base64.getMimeEncoder(64, new byte[] {'\n'});
        return "-----BEGIN PRIVATE KEY-----\n"
                + encoder.encodeToString(pair.getPrivate().getEncoded())
                + "\n-----END PRIVATE KEY-----\n";
    }

    private static byte[] sshEncoding(RSAPublicKey key) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            for (byte[] part : List.of(
                    "ssh-rsa".getBytes(StandardCharsets.US_ASCII),
                    key.getPublicExponent().toByteArray(),
                    key.getModulus().toByteArray())) {
                out.writeInt(part.length);
                out.write(part);
            }
        }
        return bytes.toByteArray();
    }

    private static void replace(Path file, String content) throws IOException {
        Path next = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(next);
        Files.createFile(next, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(next, content, StandardCharsets.ISO_8859_1, StandardOpenOption.WRITE);
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
