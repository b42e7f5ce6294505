// openssl, as somebody types it who makes the PKI of a cluster by hand.
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

function run(args, { cwd, input }) {
  const { status, stdout, stderr, error } = spawnSync('openssl', args, { cwd, input });
  if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${error?.message ?? stderr.toString()}`);
  return stdout;
}

const KEY_OPTIONS = {
  'P-256': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  'P-384': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  Ed25519: ['-algorithm', 'ED25519'],
  RSA: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
};

const CONFIG = `[ca]
default_ca = here
[here]
database = index.txt
serial = serial
new_certs_dir = .
unique_subject = no
default_md = sha256
policy = any
x509_extensions = extensions
[any]
commonName = optional
organizationName = optional
[req]
distinguished_name = none
string_mask = utf8only
[none]
[extensions]
`;

/** openssl in a folder of its own, which is there until `close`. */
export function openOpenssl() {
  const cwd = mkdtempSync(join(tmpdir(), 'verify-fixtures-'));
  const put = (name, contents) => writeFileSync(join(cwd, name), contents);
  const openssl = (args, input) => run(args, { cwd, input });
  return {
    close: () => rmSync(cwd, { recursive: true }),

    /** A private key as PEM of PKCS#8. */
    key: (kind = 'P-256', more = []) => openssl(['genpkey', ...KEY_OPTIONS[kind], ...more]).toString(),

    publicKey: (key) => openssl(['pkey', '-pubout'], key).toString(),

    /** The SHA-256 of a public key, as lists of weak keys have it. */
    fingerprint: (publicKey) => {
      const der = openssl(['pkey', '-pubin', '-outform', 'DER'], publicKey);
      return createHash('sha256').update(der).digest('hex');
    },

    encrypted: (key) => openssl(['pkcs8', '-topk8', '-passout', 'pass:secret'], key).toString(),

    signature: (bytes, key, digest = 'sha256') => {
      put('signer.key', key);
      return openssl(['dgst', `-${digest}`, '-sign', 'signer.key'], bytes);
    },

    /** A certificate as PEM. Without a signer it signs itself. */
    certificate: ({ subject, key, extensions, notBefore, notAfter, serial, digest = 'sha256', signer }) => {
      const lines = Object.entries(extensions).flatMap(([name, value]) =>
        value === undefined ? [] : [`${name} = ${value}`],
      );
      put('openssl.cnf', `${CONFIG}${lines.join('\n')}\n`);
      put('index.txt', '');
      put('own.key', key);
      put('signer.key', signer?.key ?? key);
      if (signer !== undefined) put('signer.crt', signer.certificate);
      put('serial', `${serial ?? `40${randomBytes(15).toString('hex')}`}\n`);
      const from = ['-config', 'openssl.cnf'];
      put('request.pem', openssl(['req', '-new', '-utf8', '-key', 'own.key', '-subj', subject, ...from]));
      const by = signer === undefined ? ['-selfsign'] : ['-cert', 'signer.crt'];
      const dates = ['-startdate', notBefore, '-enddate', notAfter];
      const how = ['-batch', '-notext', '-preserveDN', '-md', digest, '-keyfile', 'signer.key'];
      return openssl(['ca', ...from, ...how, ...by, ...dates, '-in', 'request.pem']).toString();
    },
  };
}
