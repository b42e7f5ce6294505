// What a file says, without what must differ from run to run: keys, serial numbers, signatures and the moment itself.
import { isIPv6 } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import { DIFFERENCES } from '../dist/index.js';
import { loadForeignReader } from '../dist/x509/certificate-reader.js';
import { algorithmOfSpki } from '../dist/x509/keys.js';
import { parsePemBlocks } from '../dist/x509/pem.js';
import { describeKeyFile, describePrivateKey, publicKeyIn } from './pairs.mjs';

const reader = await loadForeignReader();

const SUBJECT_KEY_IDENTIFIER = '2.5.29.14';
const SUBJECT_ALT_NAME = '2.5.29.17';

const minutesIn = (text) => Number.parseInt(text, 10);

/** An IPv6 address in a URL as RFC 5952 spells it, which is how the URL parser does; the rest as it stands. */
const canonicalServer = (text) => text.replace(/\[.*\]/, (host) => new URL(`https://${host}`).hostname);

function isIpv6Endpoint(endpoint = '') {
  return isIPv6(endpoint.replace(/^\[(.*)\](?::\d+)?$/, '$1'));
}

function isListed(id) {
  const found = IS_LISTED[id];
  if (found === undefined) throw new Error(`nothing says when a difference is ${id}`);
  return found;
}

const isOnOurSide = (value) => (_, ours) => isDeepStrictEqual(ours, value);

/**
 * Whether what differs is what a listed difference is about: that the two differ is not yet that ours is right. Each gets
 * kubeadm's value and ours, and of our side `signer`, the shape of the CA that signed, `bundle`, what ca.crt holds, and `request`.
 */
const IS_LISTED = {
  'ca-key-usage': isOnOurSide(['digitalSignature', 'keyCertSign', 'cRLSign']),
  'ca-subject-alternative-name': isOnOurSide(undefined),
  'ca-serial-number': isOnOurSide('positive'),
  'leaf-subject-key-identifier': isOnOurSide('present'),
  'ec-leaf-key-usage': isOnOurSide(['digitalSignature']),
  backdating: isOnOurSide('-5 min'),
  capping: (theirs, ours, { signer }) => ours === signer?.notAfter && minutesIn(theirs) > minutesIn(ours),
  'sa-pub-mode': isOnOurSide('644'),
  'trust-bundle': (theirs, ours, { bundle }) =>
    isDeepStrictEqual(theirs, bundle.slice(0, 1)) && isDeepStrictEqual(ours, bundle),
  'endpoint-spelling': (theirs, ours, { request }) =>
    isIpv6Endpoint(request.controlPlaneEndpoint) && ours === canonicalServer(theirs),
};

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
    extensions: certificate.extensions.map(({ oid, critical }) => `${oid}${critical ? ' critical' : ''}`),
  };
}

const pemIn = (data) => Buffer.from(data, 'base64').toString();
const labelsOf = (pem) => parsePemBlocks(pem).map(({ label }) => label);

/** Which certificates of which CA files these are, as `path index`. */
function authoritiesIn(pem, tree) {
  const known = [...tree]
    .filter(([path]) => path.endsWith('ca.crt'))
    .flatMap(([path, { contents }]) =>
      parsePemBlocks(contents).map(({ der }, index) => ({ name: `${path} ${index}`, der })),
    );
  return parsePemBlocks(pem).map(
    ({ label, der }) => known.find((each) => Buffer.compare(each.der, der) === 0)?.name ?? `unknown ${label}`,
  );
}

function kubeconfigShape(contents, { tree, issuedAt }) {
  const document = parse(contents);
  const { user } = document.users[0];
  const { cluster } = document.clusters[0];
  const [certificate, key] = ['certificate', 'key'].map((half) => pemIn(user[`client-${half}-data`]));
  return {
    text: contents.replaceAll(/^( *(?:[a-z-]+-data|server): ).*$/gm, '$1…'),
    server: cluster.server,
    'certificate-authority-data': authoritiesIn(pemIn(cluster['certificate-authority-data']), tree),
    'client-key-data': { labels: labelsOf(key), ...describePrivateKey(key, certificate) },
    ...certificateShape(parsePemBlocks(certificate)[0].der, issuedAt.kubeconfigs),
  };
}

/**
 * @param side `tree`; `issuedAt`: when each of the two kinds was asked for: `certificates` and `kubeconfigs`, in milliseconds,
 *   or what says when the file of a path was.
 */
function shapeOf(path, { tree, issuedAt: asked }) {
  const moment = typeof asked === 'function' ? asked(path) : undefined;
  const issuedAt = moment === undefined ? asked : { certificates: moment, kubeconfigs: moment };
  const { mode, contents } = tree.get(path);
  if (contents === undefined) return { mode };
  if (path.endsWith('.conf')) return { mode, ...kubeconfigShape(contents, { tree, issuedAt }) };
  const shape = { mode, labels: labelsOf(contents) };
  if (path.endsWith('.key'))
    return { ...shape, ...describeKeyFile(path, (name) => tree.get(name)?.contents) };
  if (path.endsWith('.pub')) return { ...shape, keyAlgorithm: algorithmOfSpki(publicKeyIn(contents)) };
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

/** Of those extensions that may be absent as a whole, which their own fields say, only where both have them. */
function withSharedExtensions(shape, other) {
  if (shape.extensions === undefined) return shape;
  const optional = shape.basicConstraints?.isCa === true ? SUBJECT_ALT_NAME : SUBJECT_KEY_IDENTIFIER;
  const isThere = ({ extensions = [] }) => extensions.some((text) => text.startsWith(optional));
  if (isThere(other)) return shape;
  return { ...shape, extensions: shape.extensions.filter((text) => !text.startsWith(optional)) };
}

/** Our certificate of the CA that an issuer's name stands for. */
function signerIn(ours, { issuer }) {
  const shapes = [...ours.tree.keys()]
    .filter((path) => path.endsWith('ca.crt'))
    .map((path) => shapeOf(path, ours));
  return shapes.find(({ subject }) => subject === issuer);
}

function contextOf(ours, shape, request) {
  const authority = ours.tree.get('pki/ca.crt');
  const bundle = authority === undefined ? [] : authoritiesIn(authority.contents, ours.tree);
  return { request, bundle, signer: signerIn(ours, shape) };
}

/**
 * Compares two trees file by file and field by field.
 *
 * @param theirs `{ tree, issuedAt }` of kubeadm; `ours` the same of this project; `request`: of what was asked for, the
 *   `controlPlaneEndpoint`.
 * @returns The ids of {@link DIFFERENCES} that were seen, and every other difference in words.
 */
export function compareTrees(theirs, ours, request) {
  const listed = new Set();
  const unlisted = [];
  for (const path of new Set([...theirs.tree.keys(), ...ours.tree.keys()])) {
    if (!theirs.tree.has(path) || !ours.tree.has(path)) {
      unlisted.push(`${path} is made by ${theirs.tree.has(path) ? 'kubeadm' : 'this project'} alone`);
      continue;
    }
    const [whole, own] = [theirs, ours].map((side) => shapeOf(path, side));
    const [a, b] = [withSharedExtensions(whole, own), withSharedExtensions(own, whole)];
    const scopes = scopesOf(path, b);
    for (const field of new Set([...Object.keys(a), ...Object.keys(b)])) {
      if (isDeepStrictEqual(a[field], b[field])) continue;
      const context = contextOf(ours, b, request);
      const entry = DIFFERENCES.find(
        (difference) =>
          difference.field === field &&
          scopes.includes(difference.scope) &&
          isListed(difference.id)(a[field], b[field], context),
      );
      const [x, y] = [a[field], b[field]].map((value) => JSON.stringify(value));
      if (entry === undefined) unlisted.push(`${path} ${field}: kubeadm ${x}, here ${y}`);
      else listed.add(entry.id);
    }
  }
  return { listed: [...listed], unlisted };
}
