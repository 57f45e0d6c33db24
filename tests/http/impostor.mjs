// A server that shows a certificate of its own making: whoever looks at it goes away. Prints its port; ends with its input.

import { generateKeyPairSync, sign } from "node:crypto";
import { createServer } from "node:https";

const der = (tag, ...parts) => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const length = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
};
const [SEQUENCE, SET, INTEGER, BITS, OID, UTF8, UTC_TIME] = [0x30, 0x31, 0x02, 0x03, 0x06, 0x0c, 0x17];
const ecdsaWithSha256 = der(SEQUENCE, der(OID, [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]));
const commonName = der(OID, [0x55, 0x04, 0x03]);

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const name = der(SEQUENCE, der(SET, der(SEQUENCE, commonName, der(UTF8, Buffer.from("localhost")))));
const validity = der(SEQUENCE, ...["200101000000Z", "400101000000Z"].map((time) => der(UTC_TIME, Buffer.from(time))));
const spki = publicKey.export({ type: "spki", format: "der" });
// RFC 5280, 4.1: the fields of version 1.
const told = der(SEQUENCE, der(INTEGER, [1]), ecdsaWithSha256, name, validity, name, spki);
const certificate = der(SEQUENCE, told, ecdsaWithSha256, der(BITS, [0], sign("sha256", told, privateKey)));
const pem = (label, bytes) => `-----BEGIN ${label}-----\n${bytes.toString("base64")}\n-----END ${label}-----\n`;

const server = createServer(
  { key: privateKey.export({ type: "pkcs8", format: "pem" }), cert: pem("CERTIFICATE", certificate) },
  (_, response) => response.end("{}"),
);
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.resume().on("end", () => process.exit());
