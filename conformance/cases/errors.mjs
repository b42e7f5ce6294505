// Each error of `verify` is one: what it stands for is made in a sound directory, and a component refuses that, or lets in whom
// it would not have. The codes are read from the catalogue: one that is neither shown nor listed with its reason fails.
import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { CATALOGUE } from '../../dist/catalogue.js';
import { checkHygiene } from '../../dist/checks/hygiene.js';
import { generateClusterPki, verifyClusterPki } from '../../dist/index.js';
import { loadForeignReader } from '../../dist/x509/certificate-reader.js';
import { encodeDer, encodeOid, encodeSequence, TAG } from '../../dist/x509/der.js';
import { encodePem, parsePemBlocks } from '../../dist/x509/pem.js';
import { encodeTime } from '../../dist/x509/time.js';
import { OID, withExtension } from '../chain-mutations.mjs';
import { LOOKED_AT } from '../chains.mjs';
import {
  CONTROL_PLANE_PROGRAMS,
  credentialsOf,
  startApiServer,
  withControlPlane,
} from '../control-plane.mjs';
import { boolean, generalName, integer, nameConstraints, oids, putTogether, takeApart } from '../forge.mjs';
import { ask } from '../https.mjs';
import { pooledKeyPair } from '../keys.mjs';
import { createLedger } from '../ledger.mjs';
import { NAMESPACE, onHost } from '../namespace.mjs';
import { askGo, GO } from '../peers.mjs';
import { mustRun, run } from '../processes.mjs';
import { ETCD_VERSION, KUBERNETES_VERSION } from '../programs.mjs';

const KUBECTL = `kubectl-${KUBERNETES_VERSION}`;
const reader = await loadForeignReader();

// Components read no requests: what becomes of those, `external CA` shows.
const ERRORS = CATALOGUE.filter(({ severity, only }) => severity === 'error' && only !== 'requests');

/** What no component refuses, and why it is an error all the same. */
const NOT_REFUSED = {
  'archive-damaged': 'no component reads an archive',
  'component-unreadable':
    'the kubelet passes over a manifest that it cannot read: nothing starts that could be refused',
  'argument-file-unmounted':
    'there is no kubelet here that makes volumes; the file is absent for the component then',
  'credential-misplaced': 'a credential works on whatever host it lies',
  'directory-unreadable': 'root reads it',
  'directory-writable': 'components read what is there, whoever wrote it',
  'file-writable': 'components read what is there, whoever wrote it',
  'kubeconfigs-absent':
    'it is of several files at once, and of where they are looked for: a component is given one',
  'not-renewable': 'it is of what `certs renew` is to do: nothing is wrong with what is there',
  'not-issuable': 'it is of what is to be made: nothing is wrong with what is there',
  'key-listed-weak': 'only whoever has the list can tell',
  'etcd-servers-in-the-clear': 'it works where etcd listens in the clear: whoever is on the way reads along',
  'kubeconfig-password': 'no API server takes it: a secret lies about for nothing',
  'kubeconfig-token': 'it lets in its owner, whom the row does not mean',
  'link-not-followed': 'what is at the other end was not looked at: it may be sound',
  'listener-without-tls': 'who speaks no TLS shows nothing that could be refused',
  'policy-key-algorithm': 'a policy is of whoever wrote it',
  'policy-signature-hash': 'a policy is of whoever wrote it',
  'policy-validity': 'a policy is of whoever wrote it',
  'rsa-close-primes': 'only whoever factors the key can tell',
  'rsa-exponent-broken': 'nobody makes such a key here: whoever reads the public one has the private one',
  'rsa-small-factor': 'only whoever factors the key can tell',
  'served-differs': 'what is shown is sound until it ends',
  'signing-certificates': 'requests stay unsigned, which no handshake shows (docs/reference has it measured)',
  'signing-key-misplaced': 'a key signs on whatever host it lies',
  'file-unreadable': 'there is nothing that a component could read, nor hand on here',
  'key-algorithm': 'another algorithm works; it is not the one that was asked for',
  'key-readable': 'a key that every user can read works as well for them',
  'private-key-exposed': 'so does one that lies in a public file',
  'rsa-too-short': 'Go takes 1024 bits; such a key can be broken',
  'rsa-roca': 'only whoever factors the key can tell',
  'rsa-shared-factor': 'only whoever sees both keys can tell',
  'signer-key-absent': 'what is missing cannot be issued; of what is there nothing is wrong',
};

const textOf = (files, path) => files.find((file) => file.path === path)?.contents ?? '';
const withText = (files, path, contents) =>
  files.map((file) => (file.path === path ? { ...file, contents } : file));
const without = (files, ...paths) => files.filter(({ path }) => !paths.includes(path));
const dersIn = (pem) => parsePemBlocks(pem).map(({ der }) => der);
const pemOf = (...ders) => ders.map((der) => encodePem('CERTIFICATE', der)).join('');
const keyIn = (files, file) => createPrivateKey(textOf(files, `${file}.key`));

/** A key that is longer than Go takes it. Of five primes: two of that length take a minute. */
const makeLongKey = () => {
  const options = ['rsa_keygen_bits:8200', 'rsa_keygen_primes:5'].flatMap((text) => ['-pkeyopt', text]);
  return mustRun('openssl', ['genpkey', '-quiet', '-algorithm', 'RSA', ...options]).stdout;
};

/** What a kubeconfig says, and the file with it said otherwise. */
function kubeconfigIn(files, path) {
  const document = parse(textOf(files, path));
  const [{ cluster }] = document.clusters;
  const [{ user }] = document.users;
  return { document, cluster, user };
}
function withKubeconfig(files, path, change) {
  const parts = kubeconfigIn(files, path);
  change(parts);
  return withText(files, path, stringify(parts.document));
}
const decoded = (data = '') => Buffer.from(data, 'base64').toString();
const encoded = (text) => Buffer.from(text).toString('base64');

/** A leaf issued anew by its CA, or another one, with something otherwise; what follows it in its file stays. */
function reissued(files, file, change, signer = 'pki/ca') {
  const [leaf, ...chain] = dersIn(textOf(files, `${file}.crt`));
  const der = putTogether(change(takeApart(leaf)), keyIn(files, signer));
  return withText(files, `${file}.crt`, pemOf(der, ...chain));
}

/** A CA that signed itself, issued anew, wherever it is trusted. */
function reissuedAuthority(files, file, change) {
  const before = textOf(files, `${file}.crt`);
  const [der] = dersIn(before);
  const after = pemOf(putTogether(change(takeApart(der)), keyIn(files, file)));
  return files.map(({ contents, ...rest }) => ({
    ...rest,
    contents: contents.replace(before, after).replace(encoded(before), encoded(after)),
  }));
}

const APISERVER = 'pki/apiserver';
/** The API server's certificate with something otherwise. */
const server = (change) => (files) => reissued(files, APISERVER, change);
const serverExtension = (oid, value, critical) =>
  server((parts) => withExtension(parts, oid, value, critical));
const authority = (change) => (files) => reissuedAuthority(files, 'pki/ca', change);
const authorityExtension = (oid, value, critical) =>
  authority((parts) => withExtension(parts, oid, value, critical));

/** Who shakes hands with whom, by what their files hold: as the components do it. */
const HANDSHAKES = {
  'a client at the API server': (files) => {
    const { cluster, user } = kubeconfigIn(files, 'admin.conf');
    return {
      server: partyOf(files, APISERVER, textOf(files, 'pki/ca.crt')),
      client: {
        certificates: decoded(user['client-certificate-data']),
        key: decoded(user['client-key-data']),
        trust: decoded(cluster['certificate-authority-data']),
      },
      host: cluster['tls-server-name'] ?? new URL(cluster.server).hostname,
    };
  },
  'the API server at etcd': (files) => ({
    server: partyOf(files, 'pki/etcd/server', textOf(files, 'pki/etcd/ca.crt')),
    client: partyOf(files, 'pki/apiserver-etcd-client', textOf(files, 'pki/etcd/ca.crt')),
    host: '127.0.0.1',
  }),
  'the kubelet client at etcd': (files) => ({
    server: partyOf(files, 'pki/etcd/server', textOf(files, 'pki/etcd/ca.crt')),
    client: partyOf(files, 'pki/apiserver-kubelet-client', textOf(files, 'pki/etcd/ca.crt')),
    host: '127.0.0.1',
  }),
  'whoever trusts the root at the API server': (files) => ({
    server: { ...partyOf(files, APISERVER, ''), isOpen: true },
    client: { trust: textOf(files, 'pki/root-ca.crt') },
    host: '192.0.2.10',
  }),
  'whoever trusts the chain at the API server': (files) => ({
    server: { ...partyOf(files, APISERVER, ''), isOpen: true },
    client: { trust: textOf(files, 'pki/ca-chain.crt') },
    host: '192.0.2.10',
  }),
  'whom the API server issued, at the API server': (files) => {
    const [leaf] = dersIn(textOf(files, APISERVER + '.crt'));
    const parts = takeApart(leaf);
    const made = putTogether(
      withExtension(
        { ...parts, issuer: parts.subject, subject: subjectOf(printable('anybody')) },
        OID.extKeyUsage,
        oids('1.3.6.1.5.5.7.3.2'),
      ),
      keyIn(files, APISERVER),
    );
    return {
      server: partyOf(files, 'pki/apiserver', textOf(files, 'pki/ca.crt')),
      client: {
        certificates: pemOf(made, leaf),
        key: textOf(files, 'pki/apiserver.key'),
        trust: textOf(files, 'pki/ca.crt'),
      },
      host: '192.0.2.10',
    };
  },
};
const [AT_API_SERVER, AT_ETCD, STRANGER_AT_ETCD, BY_ROOT, BY_CHAIN, BELOW_LEAF] = Object.keys(HANDSHAKES);

function partyOf(files, file, trust) {
  return { certificates: textOf(files, `${file}.crt`), key: textOf(files, `${file}.key`), trust };
}

const printable = (text) => encodeDer(TAG.printableString, Buffer.from(text));
const subjectOf = (...values) =>
  encodeSequence(...values.map((value) => encodeDer(TAG.set, encodeSequence(encodeOid('2.5.4.3'), value))));
const inUtf8 = (der) =>
  Buffer.from(der).map((byte, index, all) => (byte === 0x13 && all[index - 1] === 3 ? 0x0c : byte));
const SHA1 = { algorithm: Buffer.from('300906072a8648ce3d0401', 'hex'), hash: 'sha1' };
const OTHER_ALGORITHM = Buffer.from('300a06082a8648ce3d040303', 'hex');

/**
 * How each error is made in a sound directory, and who minds. `handshake`: by name; `by` and `says`: who refuses, in which
 * words. `isAdmitted`: before it the handshake was refused, and now is not. `openssl`: nobody who is made with Go minds, but openssl
 * does, as clients in other languages. `rootCa`, `keyAlgorithm`: of another directory than the usual one.
 */
const SHOWN = {
  'row-absent': {
    make: (files) => without(files, 'pki/apiserver.crt', 'pki/apiserver.key'),
    by: 'server',
    says: /no certificates configured/,
  },
  'certificate-unreadable': {
    make: (files) => withText(files, 'pki/apiserver.crt', pemOf(Buffer.from('no certificate'))),
    by: 'server',
    says: /x509: malformed certificate/,
  },
  'key-unreadable': {
    make: (files) =>
      withText(
        files,
        'pki/apiserver.key',
        keyIn(files, APISERVER).export({
          type: 'pkcs8',
          format: 'pem',
          cipher: 'aes-256-cbc',
          passphrase: 'secret',
        }),
      ),
    by: 'server',
    says: /failed to (?:parse|find)/,
  },
  'half-pair': {
    make: (files) => without(files, 'pki/apiserver.key'),
    by: 'server',
    says: /failed to find any PEM data in key input/,
  },
  'pair-mismatch': {
    make: (files) => withText(files, 'pki/apiserver.key', textOf(files, 'pki/ca.key')),
    by: 'server',
    says: /private key does not match public key/,
  },
  'copy-differs': {
    rootCa: true,
    rootCaDir: '/media/vault',
    handshake: BY_ROOT,
    make: (files) => withText(files, 'pki/root-ca.crt', strangerOf(files, 'pki/root-ca')),
    by: 'client',
    says: /unknown authority/,
  },
  'signer-absent': {
    handshake: AT_ETCD,
    make: (files) => without(files, 'pki/etcd/ca.crt', 'pki/etcd/ca.key'),
    by: 'client',
    says: /unknown authority|failed to verify/,
  },
  'signer-mismatch': {
    make: (files) => reissued(files, APISERVER, (parts) => parts, 'pki/front-proxy-ca'),
    by: 'client',
    says: /unknown authority/,
  },
  'issuer-name-mismatch': {
    make: server((parts) => ({ ...parts, issuer: inUtf8(parts.issuer) })),
    by: 'client',
    says: /unknown authority/,
  },
  'bundle-mismatch': {
    rootCa: true,
    handshake: BY_CHAIN,
    make: (files) => withText(files, 'pki/ca-chain.crt', textOf(files, 'pki/front-proxy-ca.crt')),
    by: 'client',
    says: /unknown authority/,
  },
  'path-refused': {
    make: serverExtension('2.5.29.32', encodeSequence(oids('1.2.3.4'), oids('1.2.3.4'))),
    by: 'server',
    says: /invalid certificate policies/,
  },
  'shared-authority': {
    handshake: STRANGER_AT_ETCD,
    make: (files) =>
      withText(files, 'pki/etcd/ca.crt', textOf(files, 'pki/etcd/ca.crt') + textOf(files, 'pki/ca.crt')),
    isAdmitted: true,
    says: /client didn't provide a certificate/,
  },
  'path-length-short': {
    rootCa: true,
    make: (files) => {
      const [before] = dersIn(textOf(files, 'pki/root-ca.crt'));
      const value = encodeSequence(boolean(true), integer('00'));
      const parts = withExtension(takeApart(before), OID.basicConstraints, value, 0xff);
      const after = pemOf(putTogether(parts, keyIn(files, 'pki/root-ca')));
      return files.map((file) => ({ ...file, contents: file.contents.replace(pemOf(before), after) }));
    },
    openssl: /path length constraint exceeded/,
  },
  'authority-usage': {
    make: authorityExtension(OID.extKeyUsage, oids('1.3.6.1.5.5.7.3.4')),
    by: 'client',
    says: /incompatible key usage/,
  },
  'name-constraints': {
    make: authorityExtension(OID.nameConstraints, nameConstraints([generalName(2, 'example.org')]), 0xff),
    by: 'client',
    says: /not permitted/,
  },
  'subject-alternative-name-missing': {
    make: serverExtension(OID.subjectAltName, encodeSequence(generalName(2, 'kubernetes'))),
    by: 'client',
    says: /doesn't contain any IP SANs|valid for/,
  },
  'subject-alternative-name-absent': {
    make: serverExtension(OID.subjectAltName),
    by: 'client',
    says: /doesn't contain any IP SANs|legacy Common Name/,
  },
  'not-a-ca': {
    make: authorityExtension(OID.basicConstraints, encodeSequence(), 0xff),
    by: 'client',
    says: /unknown authority|not authorized to sign/,
  },
  'is-a-ca': {
    handshake: BELOW_LEAF,
    make: server((parts) =>
      withExtension(
        withExtension(
          withExtension(parts, OID.basicConstraints, encodeSequence(boolean(true)), 0xff),
          OID.keyUsage,
          Buffer.from('03020284', 'hex'),
          0xff,
        ),
        OID.extKeyUsage,
        oids('1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'),
      ),
    ),
    isAdmitted: true,
    says: /unknown authority|not authorized to sign|incompatible/,
  },
  'key-usage-missing': {
    make: serverExtension(OID.keyUsage, Buffer.from('03020640', 'hex'), 0xff),
    openssl: /unsuitable certificate purpose/,
  },
  'extended-key-usage-missing': {
    make: serverExtension(OID.extKeyUsage, oids('1.3.6.1.5.5.7.3.2')),
    by: 'client',
    says: /incompatible key usage/,
  },
  'critical-extension-unknown': {
    make: serverExtension(OID.unknown, Buffer.from('0500', 'hex'), 0xff),
    by: 'client',
    says: /unhandled critical extension/,
  },
  expired: {
    make: server((parts) => ({ ...parts, notAfter: encodeTime(new Date(LOOKED_AT - 1000)) })),
    by: 'client',
    says: /has expired or is not yet valid.*is after/,
  },
  'not-yet-valid': {
    make: server((parts) => ({ ...parts, notBefore: encodeTime(new Date(LOOKED_AT.getTime() + 1000)) })),
    by: 'client',
    says: /has expired or is not yet valid.*is before/,
  },
  server: {
    make: (files) =>
      withKubeconfig(files, 'admin.conf', ({ cluster }) => {
        cluster.server = 'https://192.0.2.77:6443';
      }),
    by: 'client',
    says: /valid for .*, not 192\.0\.2\.77/,
  },
  'server-not-covered': {
    make: (files) =>
      withKubeconfig(files, 'admin.conf', ({ cluster }) => {
        cluster['tls-server-name'] = 'api.example.com';
      }),
    by: 'client',
    says: /valid for .*, not api\.example\.com/,
  },
  trust: {
    make: (files) =>
      withKubeconfig(files, 'admin.conf', ({ cluster }) => {
        cluster['certificate-authority-data'] = encoded(textOf(files, 'pki/front-proxy-ca.crt'));
      }),
    by: 'client',
    says: /unknown authority/,
  },
  'credential-absent': {
    make: (files) =>
      withKubeconfig(files, 'admin.conf', ({ user }) => {
        delete user['client-certificate-data'];
        delete user['client-key-data'];
      }),
    by: 'server',
    says: /client didn't provide a certificate/,
  },
  'duplicate-extension': {
    make: server((parts) => ({ ...parts, extensions: [...parts.extensions, parts.extensions[0]] })),
    by: 'server',
    says: /duplicate extension/,
  },
  'signature-algorithm-mismatch': {
    make: server((parts) => ({ ...parts, outerAlgorithm: OTHER_ALGORITHM })),
    by: 'server',
    says: /inner and outer signature algorithm identifiers don't match/,
  },
  'extensions-ignored': {
    make: server((parts) => ({ ...parts, version: undefined })),
    by: 'client',
    says: /doesn't contain any IP SANs|legacy Common Name/,
  },
  'rsa-key-parameters': {
    keyAlgorithm: 'RSA-2048',
    make: server(({ spki, ...parts }) => ({
      ...parts,
      spki: encodeSequence(
        encodeSequence(encodeOid('1.2.840.113549.1.1.1')),
        // Behind the head of both SEQUENCEs and the algorithm with its NULL.
        spki.subarray(4 + 15),
      ),
    })),
    by: 'server',
    says: /RSA key missing NULL parameters/,
  },
  'rsa-too-long': {
    make: (files) => {
      const pem = makeLongKey();
      const spki = createPublicKey(pem).export({ type: 'spki', format: 'der' });
      return withText(
        reissued(files, APISERVER, (parts) => ({ ...parts, spki })),
        `${APISERVER}.key`,
        pem,
      );
    },
    by: 'client',
    says: /certificate containing RSA key larger than 8192 bits/,
  },
  'ec-key-broken': {
    // The last byte of the point.
    make: server(({ spki, ...parts }) => ({
      ...parts,
      spki: Buffer.concat([spki.subarray(0, -1), Buffer.from([spki.at(-1) ^ 1])]),
    })),
    by: 'server',
    says: /P256 point not on curve/,
  },
  'serial-negative': {
    make: server((parts) => ({ ...parts, serial: integer('ff') })),
    by: 'server',
    says: /negative serial number/,
  },
  'signature-refused': {
    make: server((parts) => ({ ...parts, scheme: SHA1 })),
    by: 'client',
    says: /insecure algorithm ECDSA-SHA1/,
  },
  'key-identifier-critical': {
    make: server((parts) => ({
      ...parts,
      extensions: parts.extensions.map((extension) =>
        extension.oid === OID.subjectKeyIdentifier ? { ...extension, critical: 0xff } : extension,
      ),
    })),
    by: 'server',
    says: /subject key identifier incorrectly marked critical/,
  },
  'ca-without-key-cert-sign': {
    make: authorityExtension(OID.keyUsage, Buffer.from('03020780', 'hex'), 0xff),
    by: 'client',
    says: /unknown authority/,
  },
  'printable-string-alphabet': {
    make: server((parts) => ({ ...parts, subject: subjectOf(printable('a@b')) })),
    by: 'server',
    says: /invalid PrintableString/,
  },
};

/** A CA of the same name with another key. */
function strangerOf(files, file) {
  const [der] = dersIn(textOf(files, `${file}.crt`));
  const key = keyIn(files, APISERVER);
  const { publicKey } = new X509Certificate(dersIn(textOf(files, 'pki/apiserver.crt'))[0]);
  return pemOf(
    putTogether({ ...takeApart(der), spki: publicKey.export({ type: 'spki', format: 'der' }) }, key),
  );
}

const trees = new Map();
/** A sound directory, made once, with what `verify` is asked for. */
async function treeOf({ rootCa = false, rootCaDir, keyAlgorithm = 'ECDSA-P256' }) {
  const host = { hostIp: '192.0.2.10', hostname: 'cp1' };
  const options = { profile: 'requirements', ...host, keyAlgorithm, rootCa, rootCaDir };
  const key = JSON.stringify(options);
  if (!trees.has(key)) {
    const { files } = await generateClusterPki({
      ...options,
      now: new Date(LOOKED_AT - 86_400_000),
      generateKeyPair: pooledKeyPair,
    });
    trees.set(key, { files, options });
  }
  return trees.get(key);
}

/** The codes of errors that `verify` finds, and the rules over single certificates, also where the reader refuses one. */
async function errorsIn(files, options) {
  const { findings } = await verifyClusterPki({ ...options, files, at: LOOKED_AT });
  const alone = files
    .filter(({ path }) => path.endsWith('.crt'))
    .flatMap(({ path, contents }) => dersIn(contents).map((der) => ({ path, der })))
    .flatMap((placed) => checkHygiene({ ...placed, certificate: readOrNone(placed.der) }));
  return [...findings, ...alone].filter(({ severity }) => severity === 'error').map(({ code }) => code);
}

function readOrNone(der) {
  try {
    return reader.parse(der);
  } catch {
    return undefined;
  }
}

function opensslOn(files, folder) {
  const [leaf, ...chain] = dersIn(textOf(files, 'pki/apiserver.crt'));
  const trusted = textOf(files, 'pki/ca-chain.crt') || textOf(files, 'pki/ca.crt');
  const write = (file, text) => {
    writeFileSync(join(folder, file), text);
    return join(folder, file);
  };
  const at = ['-attime', String(LOOKED_AT.getTime() / 1000), '-purpose', 'sslserver'];
  const given = ['-CAfile', write('trusted', trusted), '-untrusted', write('chain', pemOf(leaf, ...chain))];
  return run('openssl', ['verify', ...at, ...given, write('leaf', pemOf(leaf))]).output;
}

async function show(context, ledger) {
  const folder = context.makeFolder();
  const shaken = [];
  for (const [code, row] of Object.entries(SHOWN)) {
    const { files, options } = await treeOf(row);
    const broken = row.make(files);
    ledger.expect(`${code}: errors before`, await errorsIn(files, options), []);
    const errors = await errorsIn(broken, options);
    ledger.expect(`${code}: verify says it`, errors.includes(code) || errors, true);
    if (row.openssl !== undefined) {
      ledger.expectMatch(`${code}: openssl before`, opensslOn(files, folder), /: OK$/);
      ledger.expectMatch(`${code}: openssl`, opensslOn(broken, folder), row.openssl);
    } else {
      const handshake = HANDSHAKES[row.handshake ?? AT_API_SERVER];
      shaken.push({ code, row, questions: [files, broken].map(handshake) });
    }
  }
  const answers = askGo(
    context,
    shaken.flatMap(({ questions }) => questions.map((question) => ({ ...question, at: LOOKED_AT }))),
  );
  for (const [index, { code, row }] of shaken.entries()) {
    const [before, after] = answers.slice(2 * index, 2 * index + 2);
    const [sound, wrong] = row.isAdmitted ? [after, before] : [before, after];
    ledger.expect(`${code}: the handshake ${row.isAdmitted ? 'after' : 'before'}`, sound, {});
    ledger.expectMatch(`${code}: why it is refused`, wrong.refusal ?? 'it is not', row.says);
    if (row.by !== undefined) ledger.expect(`${code}: who refuses`, wrong.by, row.by);
  }
}

/** Kubeconfigs that kubectl does not load, and why. */
const KUBECONFIGS = {
  'kubeconfig-unreadable': {
    make: (files) => withText(files, 'admin.conf', `{${textOf(files, 'admin.conf').slice(0, 200)}`),
    says: /error loading config file/,
  },
  'kubeconfig-refused': {
    make: (files) =>
      withKubeconfig(files, 'admin.conf', ({ user }) => {
        user.exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'true' };
      }),
    says: /interactiveMode must be specified/,
  },
  'named-file-absent': {
    make: (files) =>
      withKubeconfig(files, 'admin.conf', ({ cluster }) => {
        delete cluster['certificate-authority-data'];
        cluster['certificate-authority'] = '/etc/kubernetes/pki/ca-chain.crt';
      }),
    says: /unable to read certificate-authority \/etc\/kubernetes\/pki\/ca-chain\.crt/,
  },
};

async function showKubeconfigs(context, ledger) {
  const { files, options } = await treeOf({});
  const path = join(context.makeFolder(), 'admin.conf');
  const viewed = (audited) => {
    writeFileSync(path, textOf(audited, 'admin.conf'));
    return run(context.program(KUBECTL), ['--kubeconfig', path, 'auth', 'whoami', '--request-timeout=1ms'])
      .output;
  };
  for (const [code, { make, says }] of Object.entries(KUBECONFIGS)) {
    const broken = make(files);
    const errors = await errorsIn(broken, options);
    ledger.expect(`${code}: verify says it`, errors.includes(code) || errors, true);
    ledger.expect(`${code}: kubectl before`, says.test(viewed(files)), false);
    ledger.expectMatch(`${code}: kubectl`, viewed(broken), says);
  }
}

/** What the running API server makes of a client with another subject, issued by its own CA. */
function clientAs(host, kubeconfig, change) {
  const { cert, key } = credentialsOf(host.conf(kubeconfig));
  const [der] = dersIn(cert);
  const signer = createPrivateKey(readFileSync(host.at('ca.key')));
  return { ca: host.trust, cert: pemOf(putTogether(change(takeApart(der)), signer)), key };
}

/** The same path for somebody who may get it, and for somebody else. */
const LIVE_SUBJECTS = {
  'common-name': {
    kubeconfig: 'scheduler.conf',
    path: '/api/v1/nodes',
    subject: subjectOf(printable('system:somebody')),
    status: 403,
  },
  organization: {
    kubeconfig: 'admin.conf',
    path: '/api/v1/secrets',
    subject: subjectOf(printable('kubernetes-admin')),
    status: 403,
  },
  'subject-empty': {
    kubeconfig: 'admin.conf',
    path: '/api/v1/namespaces',
    subject: encodeSequence(),
    status: 401,
  },
};

async function showSubjects(host, ledger) {
  for (const [code, { kubeconfig, path, subject, status }] of Object.entries(LIVE_SUBJECTS)) {
    const as = async (change) => {
      const answer = await ask({ url: `${host.server}${path}`, ...clientAs(host, kubeconfig, change) });
      return answer.status ?? answer.refusal;
    };
    ledger.expect(`${code}: before`, await as((parts) => parts), 200);
    ledger.expect(`${code}: at the API server`, await as((parts) => ({ ...parts, subject })), status);
  }
}

/** Files with which the API server does not start: the flag, what stands in the file if it is there, and the API server's last words. */
const LIVE_FILES = {
  'argument-file-absent': {
    flag: '--client-ca-file',
    says: /no such file or directory/,
  },
  'public-key-unreadable': {
    flag: '--service-account-key-file',
    contents: () => pemOf(Buffer.from('no key')),
    says: /error reading public key file .*: data does not contain any valid RSA or ECDSA public keys/,
  },
  'service-account-algorithm': {
    flag: '--service-account-signing-key-file',
    contents: () =>
      generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    says: /failed to build token generator: unknown private key type ed25519\.PrivateKey/,
  },
};

async function showFiles(host, ledger) {
  for (const [code, { flag, contents, says }] of Object.entries(LIVE_FILES)) {
    const path = join(host.folder, `no-key-${code}.pem`);
    if (contents !== undefined) writeFileSync(path, contents());
    const daemon = `kube-apiserver-${code}`;
    const args = { etcd: ['127.0.0.1'], port: 6444, args: [`${flag}=${path}`], daemon };
    const outcome = await startApiServer(host, args).then(
      () => 'it is ready',
      ({ message }) => message,
    );
    await host.daemons.stop(daemon);
    ledger.expectMatch(`${code}: the API server`, outcome, new RegExp(`^${daemon} ended with 1: `));
    ledger.expectMatch(`${code}: why`, outcome, says);
  }
}

/** An API server that takes its users by the CA of front proxies, and front proxies of another name. */
async function showArguments({ program }, host, ledger) {
  const daemon = 'kube-apiserver-arguments';
  const given = {
    '--client-ca-file': host.at('front-proxy-ca.crt'),
    '--requestheader-allowed-names': 'nobody',
  };
  // A list is added to where it is given twice.
  const kept = (argument) => !Object.keys(given).some((flag) => argument.startsWith(`${flag}=`));
  const start = (component, more, name) =>
    host.daemons.start(
      name,
      ...onHost(host.address, program(`${component}-${KUBERNETES_VERSION}`), [
        ...host.argumentsOf(component).filter(kept),
        ...Object.entries(given).map(([flag, value]) => `${flag}=${value}`),
        ...more,
      ]),
    );
  const path = '/api/v1/secrets';
  const admin = credentialsOf(host.conf('admin.conf'));
  const proxy = ['crt', 'key'].map((end) => readFileSync(host.at(`front-proxy-client.${end}`), 'utf8'));
  const statusAt = async (base, { cert, key }, headers) => {
    const answer = await ask({ url: `${base}${path}`, ca: host.trust, cert, key, headers });
    return answer.status ?? answer.refusal;
  };
  const asProxy = { cert: proxy[0], key: proxy[1] };
  const named = { 'X-Remote-User': 'somebody', 'X-Remote-Group': 'system:masters' };
  ledger.expect('argument-file: before', await statusAt(host.server, admin), 200);
  ledger.expect('argument-authority-shared: before', await statusAt(host.server, asProxy), 401);
  ledger.expect('proxy-name-refused: before', await statusAt(host.server, asProxy, named), 200);
  const other = await startApiServer({ ...host, start }, { etcd: ['127.0.0.1'], port: 6445, daemon });
  ledger.expect('argument-file: no user is one', await statusAt(other, admin), 401);
  ledger.expect('argument-authority-shared: a front proxy is a user', await statusAt(other, asProxy), 403);
  ledger.expect(
    'proxy-name-refused: whom it names counts for nothing',
    await statusAt(other, asProxy, named),
    403,
  );
  await host.daemons.stop(daemon);
}

/** An etcd that asks nobody for a certificate, and listens in the clear as well: everybody reads what it holds. */
async function showEtcd({ program }, host, ledger) {
  const left = /^--(?:trusted-ca-file|client-cert-auth)=/;
  const [open, clear, peers] = [3379, 3380, 3381].map((port) => `${host.address}:${port}`);
  const args = [
    ...host.argumentsOf('etcd').filter((argument) => !left.test(argument)),
    `--name=${host.name}`,
    `--data-dir=${join(host.folder, 'etcd-open')}`,
    `--listen-client-urls=https://${open},http://${clear}`,
    `--advertise-client-urls=https://${open}`,
    `--listen-peer-urls=https://${peers}`,
    `--initial-advertise-peer-urls=https://${peers}`,
    `--initial-cluster=${host.name}=https://${peers}`,
    '--unsafe-no-fsync',
  ];
  const body = { key: Buffer.from('/registry').toString('base64') };
  const ca = readFileSync(host.at('etcd/ca.crt'), 'utf8');
  const read = (member) => ask({ url: `https://${member}/v3/kv/range`, method: 'POST', ca, body });
  const readInTheClear = async (member) => {
    const question = { method: 'POST', body: JSON.stringify(body) };
    return fetch(`http://${member}/v3/kv/range`, question).then(
      ({ status }) => status,
      ({ message }) => message,
    );
  };
  const sound = `${host.address}:2379`;
  ledger.expect('argument-missing: before', (await read(sound)).status, undefined);
  ledger.expect('etcd-in-the-clear: before', await readInTheClear(sound), 'fetch failed');
  host.daemons.start('etcd-open', ...onHost(host.address, program(`etcd-${ETCD_VERSION}`), args));
  await host.daemons.waitFor('etcd-open to answer', async () => (await read(open)).status === 200);
  ledger.expect('argument-missing: everybody reads', (await read(open)).status, 200);
  ledger.expect('etcd-in-the-clear: everybody reads', await readInTheClear(clear), 200);
  await host.daemons.stop('etcd-open');
}

/** The arguments that are shown to be errors. */
const LIVE_ARGUMENTS = [
  'argument-missing',
  'etcd-in-the-clear',
  'argument-file',
  'argument-authority-shared',
  'proxy-name-refused',
];

/** Whoever does not verify the server talks to any. */
function showSkipped({ program }, host, ledger) {
  const path = join(host.folder, 'skipped.conf');
  const readiness = (change) => {
    const document = parse(readFileSync(host.conf('admin.conf'), 'utf8'));
    change(document.clusters[0].cluster);
    writeFileSync(path, stringify(document));
    return run(program(KUBECTL), ['--kubeconfig', path, 'get', '--raw', '/readyz']).output;
  };
  const stranger = encoded(readFileSync(host.at('front-proxy-ca.crt'), 'utf8'));
  const refused = readiness((cluster) => {
    cluster['certificate-authority-data'] = stranger;
  });
  ledger.expectMatch('tls-verify-skipped: before', refused, /certificate signed by unknown authority/);
  const admitted = readiness((cluster) => {
    delete cluster['certificate-authority-data'];
    cluster['insecure-skip-tls-verify'] = true;
  });
  ledger.expect('tls-verify-skipped: any server is believed', admitted, 'ok');
  const inTheClear = readiness((cluster) => {
    cluster.server = cluster.server.replace('https:', 'http:');
  });
  ledger.expectMatch('server-not-https: the API server', inTheClear, /BadRequest.*rejected our request/);
}

/** Faults of arguments, and of what is shown, that come to what is shown above: whoever minds that minds these. */
const SAME_AS = {
  'address-uncovered': 'subject-alternative-name-missing',
  'etcd-authority-other': 'signer-mismatch',
  'etcd-auto-tls': 'signer-mismatch',
  'served-expired': 'expired',
  'served-name': 'subject-alternative-name-missing',
  'served-unreadable': 'certificate-unreadable',
  'served-untrusted': 'signer-mismatch',
  'token-key-unknown': 'public-key-mismatch',
};

/** What the cases of the control plane show: a token of another pair is refused. */
const SHOWN_ELSEWHERE = { 'public-key-mismatch': 'control plane:' };
const SHOWN_LIVE = [
  ...[LIVE_SUBJECTS, LIVE_FILES].flatMap(Object.keys),
  ...LIVE_ARGUMENTS,
  'server-not-https',
  'tls-verify-skipped',
];

/** Every code has one place, and every place has a code. */
function checkCatalogue(ledger) {
  const shown = [SHOWN, KUBECONFIGS, SHOWN_ELSEWHERE].flatMap(Object.keys);
  const known = [...shown, ...SHOWN_LIVE, ...[NOT_REFUSED, SAME_AS].flatMap(Object.keys)];
  ledger.expect(
    'what is the same as something that is not shown',
    Object.values(SAME_AS).filter((code) => !shown.includes(code)),
    [],
  );
  const codes = ERRORS.map(({ code }) => code);
  for (const code of codes)
    ledger.expect(`${code}: places`, known.filter((other) => other === code).length, 1);
  ledger.expect(
    'codes of no error',
    known.filter((code) => !codes.includes(code)),
    [],
  );
}

export const cases = [
  {
    id: 'errors: what a component refuses',
    needs: [GO, KUBECTL],
    run: async (context) => {
      const ledger = createLedger();
      checkCatalogue(ledger);
      await show(context, ledger);
      await showKubeconfigs(context, ledger);
      const { checks, failures } = ledger.outcome();
      const note = `${[SHOWN, KUBECONFIGS].flatMap(Object.keys).length} shown; not refused: ${Object.keys(NOT_REFUSED).join(', ')}`;
      return { checks, failures, note };
    },
  },
  {
    id: 'errors: what the API server refuses',
    needs: CONTROL_PLANE_PROGRAMS,
    requires: [NAMESPACE],
    run: (context) =>
      withControlPlane(context, { profile: 'requirements', algorithm: 'ECDSA-P256' }, async (host) => {
        const ledger = createLedger();
        await showSubjects(host, ledger);
        await showFiles(host, ledger);
        await showArguments(context, host, ledger);
        await showEtcd(context, host, ledger);
        showSkipped(context, host, ledger);
        return { ...ledger.outcome(), note: SHOWN_LIVE.join(', ') };
      }),
  },
];
