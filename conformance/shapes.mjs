// What a file says, without what must differ from run to run: keys, serial numbers, signatures and the moment itself.
import { parse } from 'yaml';
import { DIFFERENCES } from '../dist/index.js';
import { loadForeignReader } from '../dist/x509/certificate-reader.js';
import { algorithmOfSpki } from '../dist/x509/keys.js';
import { parsePemBlocks } from '../dist/x509/pem.js';

/** What a listed difference must be on this side, as JSON: that the two differ is not yet that ours is right. */
const OURS = {
  'ca-key-usage': '["digitalSignature","keyCertSign","cRLSign"]',
  'ca-subject-alternative-name': undefined,
  'ca-serial-number': '"positive"',
  'leaf-subject-key-identifier': '"present"',
  'ec-leaf-key-usage': '["digitalSignature"]',
  backdating: '"-5 min"',
  'sa-pub-mode': '"644"',
  'trust-bundle': '["CERTIFICATE","CERTIFICATE"]',
};

const reader = await loadForeignReader();

const SUBJECT_KEY_IDENTIFIER = '2.5.29.14';
const SUBJECT_ALT_NAME = '2.5.29.17';

function certificateShape(der, issuedAt) {
  const certificate = reader.parse(der);
  const hex = ({ der: bytes }) => Buffer.from(bytes).toString('hex');
  // kubeadm dates by the moment it started, known from outside to a second or so: minutes are what can be compared.
  const minutes = (date) => Math.round((date.getTime() - issuedAt) / 60_000);
  return {
    version: certificate.version,
    signatureAlgorithm: certificate.signatureAlgorithmOid,
    subject: hex(certificate.subject),
    issuer: hex(certificate.issuer),
    serialNumber: certificate.serialHex === '00' ? 'zero' : 'positive',
    notBefore: `${minutes(certificate.notBefore)} min`,
    notAfter: `${minutes(certificate.notAfter)} min`,
    keyAlgorithm: algorithmOfSpki(certificate.spkiDer),
    keyUsage: certificate.keyUsage,
    extKeyUsage: certificate.extKeyUsage,
    basicConstraints: certificate.basicConstraints,
    subjectAltName: certificate.subjectAltName,
    subjectKeyIdentifier: certificate.subjectKeyIdentifier === undefined ? 'absent' : 'present',
    authorityKeyIdentifier: certificate.authorityKeyIdentifier === undefined ? 'absent' : 'present',
    // Those two may be absent as a whole, which their own fields say; of the others the order and the critical bits.
    extensions: certificate.extensions
      .filter(({ oid }) => oid !== SUBJECT_KEY_IDENTIFIER && oid !== SUBJECT_ALT_NAME)
      .map(({ oid, critical }) => `${oid}${critical ? ' critical' : ''}`),
  };
}

const labelsOf = (pem) => parsePemBlocks(pem).map(({ label }) => label);

function kubeconfigShape(contents, issuedAt) {
  const document = parse(contents);
  const { user } = document.users[0];
  const { cluster } = document.clusters[0];
  const pem = (data) => Buffer.from(data, 'base64').toString();
  const [client] = parsePemBlocks(pem(user['client-certificate-data']));
  return {
    text: contents.replaceAll(/^( *(?:[a-z-]+-data|server): ).*$/gm, '$1…'),
    // The URL parser writes an IPv6 address in one way; how the file spells it is another matter.
    server: new URL(cluster.server).href,
    serverText: cluster.server,
    'certificate-authority-data': labelsOf(pem(cluster['certificate-authority-data'])),
    'client-key-data': labelsOf(pem(user['client-key-data'])),
    ...certificateShape(client.der, issuedAt),
  };
}

/** @param issuedAt When each of the two kinds was asked for: `certificates` and `kubeconfigs`, in milliseconds. */
function shapeOf(path, { mode, contents }, issuedAt) {
  if (contents === undefined) return { mode };
  if (path.endsWith('.conf')) return { mode, ...kubeconfigShape(contents, issuedAt.kubeconfigs) };
  const shape = { mode, labels: labelsOf(contents) };
  if (!path.endsWith('.crt')) return shape;
  return { ...shape, ...certificateShape(parsePemBlocks(contents)[0].der, issuedAt.certificates) };
}

function scopesOf(path, shape) {
  if (path.endsWith('.pub')) return ['publicKey'];
  if (path.endsWith('ca.crt')) return ['certificate', 'ca'];
  const scopes = ['certificate', 'leaf'];
  if (String(shape.keyAlgorithm).startsWith('ECDSA')) scopes.push('ecLeaf');
  if (path.endsWith('.conf')) scopes.push('kubeconfig');
  return scopes;
}

/**
 * Compares two trees file by file and field by field.
 *
 * @param theirs `{ tree, issuedAt }` of kubeadm; `ours` the same of this project.
 * @returns The ids of {@link DIFFERENCES} that were seen, and every other difference in words.
 */
export function compareTrees(theirs, ours) {
  const listed = new Set();
  const unlisted = [];
  for (const path of new Set([...theirs.tree.keys(), ...ours.tree.keys()])) {
    const [their, our] = [theirs, ours].map(({ tree }) => tree.get(path));
    if (their === undefined || our === undefined) {
      unlisted.push(`${path} is made by ${their === undefined ? 'this project' : 'kubeadm'} alone`);
      continue;
    }
    const [a, b] = [shapeOf(path, their, theirs.issuedAt), shapeOf(path, our, ours.issuedAt)];
    const scopes = scopesOf(path, b);
    for (const field of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const [x, y] = [JSON.stringify(a[field]), JSON.stringify(b[field])];
      if (x === y) continue;
      const entry = DIFFERENCES.find(
        (difference) =>
          difference.field === field &&
          scopes.includes(difference.scope) &&
          (!(difference.id in OURS) || OURS[difference.id] === y),
      );
      if (entry === undefined) unlisted.push(`${path} ${field}: kubeadm ${x}, here ${y}`);
      else listed.add(entry.id);
    }
  }
  return { listed: [...listed], unlisted };
}
