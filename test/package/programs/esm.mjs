// A plain JavaScript program of somebody else; prints what it finds as JSON.
import { createPrivateKey, createPublicKey, sign, X509Certificate } from 'node:crypto';
import { generateClusterPki, isPkiError, readClusterPki, VERSION, writeClusterPki } from 'k8s-pki';

const HOST = { hostIp: '192.0.2.10', hostname: 'cp1', keyAlgorithm: 'ECDSA-P256' };
const OTHER = { ...HOST, hostIp: ['192.0.2.11'], hostname: 'cp2' };
const AUTHORITIES = /^pki\/(etcd\/|front-proxy-)?ca\.(crt|key)$|^pki\/sa\.(key|pub)$/;

const isKey = ({ path }) => path.endsWith('ca.key');
const pathsOf = ({ files }) => files.map(({ path }) => path);
const refusal = async (work) => {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!isPkiError(error, 'ERR_REFUSED') && !isPkiError(error, 'ERR_CONFIG')) throw error;
    const { findings = [], issues = [] } = error.detail;
    return [error.code, ...findings.map(({ code }) => code), ...issues.map(({ option }) => option)];
  }
};

const first = await generateClusterPki(HOST);
const existing = first.files.filter(({ path }) => AUTHORITIES.test(path));
const withKeys = await generateClusterPki({ ...OTHER, existing });
const keyless = existing.filter((file) => !isKey(file));

/** A signer that stands for an HSM: nobody sees its key. */
function signerOf(pem) {
  const key = createPrivateKey(pem);
  const spkiDer = new Uint8Array(createPublicKey(key).export({ type: 'spki', format: 'der' }));
  return { algorithm: 'ECDSA-P256', spkiDer, sign: async (data) => sign('sha256', data, key) };
}
const keyOf = (path) => signerOf(existing.find((file) => file.path === path).contents);
const signers = {
  ca: keyOf('pki/ca.key'),
  'front-proxy-ca': keyOf('pki/front-proxy-ca.key'),
  'etcd-ca': keyOf('pki/etcd/ca.key'),
};
const withSigners = await generateClusterPki({ ...OTHER, existing: keyless, signers });
const wrongSigner = { ...signers, ca: keyOf('pki/etcd/ca.key') };
const wrong = await generateClusterPki({ ...OTHER, existing: keyless, signers: wrongSigner }).catch(
  ({ code }) => code,
);

const certificateOf = (files, path) => new X509Certificate(files.find((file) => file.path === path).contents);
const ca = certificateOf(existing, 'pki/ca.crt');

await writeClusterPki(first, 'out/pki');
const read = await readClusterPki('out/pki');
const again = await generateClusterPki({ ...HOST, existing: read });
await writeClusterPki(again, 'out/pki');
const twice = await writeClusterPki(first, 'out/pki').catch(({ code }) => code);

console.log(
  JSON.stringify({
    version: VERSION,
    first: pathsOf(first).length,
    withKeys: pathsOf(withKeys),
    withoutKeys: await refusal(() => generateClusterPki({ ...OTHER, existing: keyless })),
    withSigners: pathsOf(withSigners),
    isSignedByCa: certificateOf(withSigners.files, 'pki/apiserver.crt').verify(ca.publicKey),
    wrongSigner: wrong,
    read: read.length,
    again: pathsOf(again),
    twice,
    wrongRequest: await refusal(() => generateClusterPki({ hostIp: 'foo', serviceCidr: 'bar' })),
    wrongPath: await refusal(() =>
      generateClusterPki({ ...HOST, existing: [{ path: 'pki/ca.pem', contents: '' }] }),
    ),
  }),
);
