// Who is measured: both shapes of this program, the real kubeadm, and openssl, with the host that they are asked for.
import { existsSync } from 'node:fs';
import { executableOf } from '../conformance/build.mjs';
import { mustRun } from '../conformance/processes.mjs';
import { KUBEADM_VERSIONS, PROGRAMS } from '../conformance/programs.mjs';

export const HOST = Object.freeze({ hostname: 'cp1', advertiseAddress: '192.0.2.10' });
export const STANDALONE = 'k8s-pki, standalone';
export const NODE = 'k8s-pki, Node';
/** By name, what begins the command line of each shape. */
export const SHAPES = Object.freeze({
  [STANDALONE]: ['./build/k8s-pki'],
  [NODE]: [process.execPath, 'dist/cli.js'],
});

export const [VERSION] = KUBEADM_VERSIONS;
export const KUBEADM = `kubeadm ${VERSION}`;
export const kubeadm = executableOf(PROGRAMS.find(({ name }) => name === `kubeadm-${VERSION}`));
export const hasKubeadm = existsSync(kubeadm);
export const KUBEADM_MISSING = `${KUBEADM} is not there: npm run conformance:programs -- kubeadm-${VERSION} builds it`;

function opensslVersion() {
  try {
    return /^OpenSSL ([3-9]\.\d+)/.exec(mustRun('openssl', ['version']).stdout)?.[1];
  } catch {
    return undefined;
  }
}

/** The release of openssl 3 that is on the PATH; undefined where there is none. */
export const openssl = opensslVersion();

/** Those of `algorithms`, or all that are known. */
export function chosenOf(algorithms, known) {
  const unknown = algorithms.filter((algorithm) => !known.includes(algorithm));
  if (unknown.length > 0) throw new Error(`expected ${known.join(', ')}, got ${unknown.join(', ')}`);
  return algorithms.length > 0 ? algorithms : known;
}
