// Generates in memory, with all that can be injected, and prints what became of the world around it.
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { generateClusterPki } from 'k8s-pki';

const world = () =>
  JSON.stringify({
    // The X.509 library brings tslib along, which puts its helpers (`__extends` …) there once, when it is loaded.
    globals: Object.getOwnPropertyNames(globalThis).filter((name) => !name.startsWith('__')),
    environment: process.env,
    directory: process.cwd(),
    umask: process.umask(),
    exitCode: process.exitCode,
    listeners: process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
  });

const pool = Array.from({ length: 16 }, () => generateKeyPairSync('rsa', { modulusLength: 2048 })).map(
  ({ privateKey, publicKey }) => ({
    algorithm: 'RSA-2048',
    spkiDer: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })),
    privateKeyPem: privateKey.export({ type: 'pkcs1', format: 'pem' }),
    sign: async (data) => sign('sha256', data, privateKey),
  }),
);

function injected() {
  let keys = 0;
  let draws = 0;
  return {
    now: new Date('2027-03-01T12:00:00Z'),
    randomBytes: (length) =>
      createHash('shake256', { outputLength: length }).update(String(draws++)).digest(),
    generateKeyPair: async () => pool[keys++],
  };
}
const HOST = { hostIp: '192.0.2.10', hostname: 'cp1' };
const textOf = ({ files }) => JSON.stringify(files);

const before = world();
console.error('generation begins');
const one = await generateClusterPki({ ...HOST, ...injected() });
const kept = await generateClusterPki({
  ...HOST,
  existing: one.files,
  now: new Date('2027-03-02T12:00:00Z'),
});
// All at once, with options of their own each.
const [two, other, third] = await Promise.all([
  generateClusterPki({ ...HOST, ...injected() }),
  generateClusterPki({ hostIp: 'fd00::1', hostname: 'cp2', profile: 'hardened', keyAlgorithm: 'ECDSA-P384' }),
  generateClusterPki({ ...HOST, ...injected() }),
]);
console.error('generation has ended');
console.log(
  JSON.stringify({
    isWorldTheSame: world() === before,
    isTwoTheSame: textOf(two) === textOf(one),
    isThirdTheSame: textOf(third) === textOf(one),
    kept: kept.files.length,
    otherProfile: other.spec.profile,
    otherNames: other.certificates
      .find(({ id }) => id === 'etcd-server')
      .certificate.subjectAltName.map(({ value }) => value),
    notBefore: [...new Set(one.certificates.map(({ certificate }) => certificate.notBefore.toISOString()))],
  }),
);
