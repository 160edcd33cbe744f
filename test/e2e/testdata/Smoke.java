import java.io.StringReader;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.sql.*;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.Properties;
import java.util.UUID;
import org.postgresql.PGConnection;

/** Uses the server as a JDBC program does, and ends with an exception at the first wrong answer. */
public class Smoke {
    static void check(boolean ok, String what) {
        if (!ok) throw new AssertionError(what);
    }

    public static void main(String[] args) throws Exception {
        for (String mode : new String[] {"extended", "extendedForPrepared", "extendedCacheEverything", "simple"}) {
            Properties p = new Properties();
            p.setProperty("user", "cachalot");
            p.setProperty("preferQueryMode", mode);
            p.setProperty("sslmode", "disable");
            try (Connection c = DriverManager.getConnection("jdbc:postgresql://" + args[0] + ":" + args[1] + "/cachalot", p)) {
                types(c, mode.equals("simple"));
                transactions(c);
                if (!mode.equals("simple")) cursor(c);
                batch(c);
                copy(c);
                errors(c);
            }
            System.out.println(mode + " ok");
        }
    }

    /** One of each type, often enough that the driver prepares by name and asks for binary results. */
    static void types(Connection c, boolean simple) throws SQLException {
        try (Statement s = c.createStatement()) {
            s.execute("DROP TABLE IF EXISTS v");
            s.execute("CREATE TABLE v (id int PRIMARY KEY, b bool, s smallint, g bigint, f float8, n numeric, t text, y bytea, d date,"
                + " p timestamp, z timestamptz, u uuid, j jsonb, ia int[], ta text[], da date[])");
        }
        UUID uuid = UUID.fromString("12345678-9abc-def0-1234-56789abcdef0");
        Timestamp at = Timestamp.valueOf("2021-10-19 01:02:03.000004");
        String insert = "INSERT INTO v VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?::jsonb,?,?,?)";
        try (PreparedStatement i = c.prepareStatement(insert)) {
            for (int n = 1; n <= 10; n++) {
                i.setInt(1, n);
                i.setBoolean(2, n % 2 == 0);
                i.setShort(3, (short) -n);
                i.setLong(4, Long.MAX_VALUE - n);
                i.setDouble(5, 0.1 * n);
                i.setBigDecimal(6, new BigDecimal("12345678901234567890.5000"));
                i.setString(7, "Évian 'les' \\ Bains " + n);
                byte[] bytes = {0, 1, (byte) 255};
                if (simple) i.setString(8, "\\x0001ff"); // the driver has no text form for bytes
                else i.setBytes(8, bytes);
                i.setObject(9, LocalDate.of(2021, 10, 19));
                i.setTimestamp(10, at);
                i.setTimestamp(11, at);
                i.setObject(12, uuid);
                i.setString(13, "{\"a\": [1.5, null]}");
                i.setArray(14, c.createArrayOf("int4", new Integer[] {n, null}));
                i.setArray(15, c.createArrayOf("text", new String[] {"a,b", "\"", ""}));
                i.setArray(16, c.createArrayOf("date", new String[] {"2021-10-19"}));
                check(i.executeUpdate() == 1, "insert");
            }
        }
        try (PreparedStatement q = c.prepareStatement("SELECT * FROM v WHERE id = ?")) {
            for (int n = 1; n <= 10; n++) {
                q.setInt(1, n);
                try (ResultSet r = q.executeQuery()) {
                    check(r.next(), "row " + n);
                    check(r.getInt("id") == n && r.getBoolean("b") == (n % 2 == 0), "id, b");
                    check(r.getShort("s") == -n && r.getLong("g") == Long.MAX_VALUE - n, "s, g");
                    check(r.getDouble("f") == 0.1 * n, "f");
                    check(r.getBigDecimal("n").toPlainString().equals("12345678901234567890.5000"), "n");
                    check(r.getString("t").equals("Évian 'les' \\ Bains " + n), "t");
                    check(Arrays.equals(r.getBytes("y"), new byte[] {0, 1, (byte) 255}), "y");
                    check(r.getObject("d", LocalDate.class).equals(LocalDate.of(2021, 10, 19)), "d");
                    check(r.getTimestamp("p").equals(at) && r.getTimestamp("z").equals(at), "p, z");
                    check(r.getObject("u").equals(uuid), "u");
                    check(r.getString("j").equals("{\"a\": [1.5, null]}"), "j");
                    check(Arrays.equals((Integer[]) r.getArray("ia").getArray(), new Integer[] {n, null}), "ia");
                    check(Arrays.equals((String[]) r.getArray("ta").getArray(), new String[] {"a,b", "\"", ""}), "ta");
                    check(((Date[]) r.getArray("da").getArray())[0].equals(Date.valueOf("2021-10-19")), "da");
                    ResultSetMetaData m = r.getMetaData();
                    check(m.getColumnCount() == 16 && m.getColumnLabel(6).equals("n") && m.getColumnType(6) == Types.NUMERIC && m.getColumnType(9) == Types.DATE, "metadata");
                    check(!r.next(), "one row");
                }
            }
        }
    }

    static void transactions(Connection c) throws SQLException {
        c.setAutoCommit(false);
        try (Statement s = c.createStatement()) {
            s.executeUpdate("DELETE FROM v WHERE id > 5");
            c.rollback();
            check(count(c) == 10, "rollback");
            s.executeUpdate("DELETE FROM v WHERE id > 5");
            c.commit();
            check(count(c) == 5, "commit");
        }
        c.commit();
        c.setAutoCommit(true);
    }

    static int count(Connection c) throws SQLException {
        try (Statement s = c.createStatement(); ResultSet r = s.executeQuery("SELECT count(*) FROM v")) {
            r.next();
            return r.getInt(1);
        }
    }

    /** A result fetched in parts: a portal that is suspended. */
    static void cursor(Connection c) throws SQLException {
        c.setAutoCommit(false);
        try (PreparedStatement q = c.prepareStatement("SELECT id FROM v ORDER BY id DESC")) {
            q.setFetchSize(2);
            try (ResultSet r = q.executeQuery()) {
                for (int want = 5; want >= 1; want--) check(r.next() && r.getInt(1) == want, "fetch " + want);
                check(!r.next(), "end of fetch");
            }
        }
        c.commit();
        c.setAutoCommit(true);
    }

    static void batch(Connection c) throws SQLException {
        try (PreparedStatement i = c.prepareStatement("INSERT INTO v (id, t) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET t = excluded.t")) {
            for (int n = 1; n <= 100; n++) {
                i.setInt(1, n);
                i.setString(2, "batch");
                i.addBatch();
            }
            check(i.executeBatch().length == 100, "batch");
        }
        check(count(c) == 100, "after batch");
        try (PreparedStatement i = c.prepareStatement("INSERT INTO v (id, t) VALUES (?, 'k')", Statement.RETURN_GENERATED_KEYS)) {
            i.setInt(1, 1000);
            i.executeUpdate();
            try (ResultSet k = i.getGeneratedKeys()) {
                check(k.next() && k.getInt("id") == 1000, "generated keys");
            }
        }
    }

    static void copy(Connection c) throws Exception {
        var manager = c.unwrap(PGConnection.class).getCopyAPI();
        check(manager.copyIn("COPY v (id, t) FROM STDIN (FORMAT csv)", new StringReader("2001,one\n2002,\"t,wo\"\n")) == 2, "copy in");
        StringWriter out = new StringWriter();
        manager.copyOut("COPY (SELECT id, t FROM v WHERE id > 2000 ORDER BY id) TO STDOUT (FORMAT csv)", out);
        check(out.toString().equals("2001,one\n2002,\"t,wo\"\n"), "copy out: " + out);
    }

    static void errors(Connection c) throws SQLException {
        for (String[] e : new String[][] {
            {"INSERT INTO v (id) VALUES (1)", "23505"}, {"SELECT nosuch FROM v", "42703"}, {"SELEC 1", "42601"},
            {"SELECT 1/0", "22012"}, {"SELECT * FROM nosuch", "42P01"},
        }) {
            try (Statement s = c.createStatement()) {
                s.execute(e[0]);
                check(false, e[0] + " worked");
            } catch (SQLException x) {
                check(e[1].equals(x.getSQLState()), e[0] + ": " + x.getSQLState() + " " + x.getMessage());
            }
        }
        check(count(c) == 103, "after errors");
    }
}
