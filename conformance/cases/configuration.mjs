// One configuration file, given to kubeadm and to `k8s-pki init --config`: the same trees. What `show config` makes of it,
// given to kubeadm, makes that tree again.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasChange, parseKubernetesVersion } from '../../dist/table/versions.js';
import { layOut, runPhases } from '../kubeadm.mjs';
import { mustRunOurs, run } from '../processes.mjs';
import { KUBEADM_VERSIONS } from '../programs.mjs';
import { kubeadmConfigOf, ODD_CLUSTER_NAMES, randomRequest } from '../requests.mjs';
import { compareTrees } from '../shapes.mjs';
import { readTree } from '../trees.mjs';

const REQUESTS_OF_EACH = 5;
const [NEWEST] = KUBEADM_VERSIONS;
const FIXTURES = join(import.meta.dirname, '..', '..', 'fixtures', 'config');
const REQUEST = { hostname: 'cp1', advertiseAddress: '192.0.2.10', keyAlgorithm: 'ECDSA-P256' };

/** What kubeadm makes of a text, put aside, so that both can write where it says. */
function theirTree(folder, { directory, flags, kubeadm, name }) {
  const issuedAt = runPhases(kubeadm, { flags });
  const aside = join(folder, name);
  renameSync(directory, aside);
  return { tree: readTree(aside), issuedAt };
}

/** What `show config` prints is v1beta4, which came with 1.31 (kubeadm.md 7.1). */
const readsV1beta4 = (version) => hasChange(parseKubernetesVersion(version), '1.31');

/** The failures and differences of one text: `textOf` says where its files are to lie. */
function compare({ folder, kubeadm, version, textOf }) {
  const { directory, flags } = layOut(folder, { request: REQUEST, version });
  const config = join(folder, 'kubeadm.yaml');
  writeFileSync(config, textOf(join(directory, 'pki')));
  const theirs = theirTree(folder, { directory, flags, kubeadm, name: 'theirs' });

  const now = Date.now();
  mustRunOurs(['init', '--config', config]);
  const ours = { tree: readTree(directory), issuedAt: { certificates: now, kubeconfigs: now } };
  // Ends with 1 where it finds an error.
  mustRunOurs(['verify', '--config', config]);
  const effective = mustRunOurs(['show', 'config', '--config', config]).stdout;
  renameSync(directory, join(folder, 'ours'));
  const { listed, unlisted } = compareTrees(theirs, ours);
  if (!readsV1beta4(version)) return { listed, failures: unlisted };

  writeFileSync(config, effective);
  const again = compareTrees(theirs, theirTree(folder, { directory, flags, kubeadm, name: 'again' }));
  return {
    listed,
    failures: [...unlisted, ...again.unlisted.map((text) => `kubeadm, given show config: ${text}`)],
  };
}

function configurationCase(id, version, textsOf) {
  return {
    id,
    needs: [`kubeadm-${version}`],
    run: async ({ makeFolder, program, seed }) => {
      const texts = textsOf(seed);
      const differences = new Set();
      const failures = [];
      for (const textOf of texts) {
        const folder = makeFolder();
        const kubeadm = program(`kubeadm-${version}`);
        const compared = compare({ folder, kubeadm, version, textOf });
        for (const difference of compared.listed) differences.add(difference);
        failures.push(...compared.failures.map((text) => `${textOf('PKI')}: ${text}`));
      }
      return { checks: 3 * texts.length, differences, failures };
    },
  };
}

const fixture = (name) => (certificatesDir) =>
  readFileSync(join(FIXTURES, `${name}.yaml`), 'utf8').replace('/etc/kubernetes/pki', certificatesDir);

/** Which kubeadm takes each file of fixtures/config for the first control plane. */
const FILES = [
  ['v1beta4', NEWEST],
  ['v1beta4-external-etcd', NEWEST],
  ['v1beta3', '1.30.4'],
];
const fileCases = FILES.map(([name, version]) =>
  configurationCase(`configuration: every field, ${name}, kubeadm ${version}`, version, () => [
    fixture(name),
  ]),
);

/** A file is one that kubeadm itself finds nothing wrong with. */
const validCase = {
  id: 'configuration: the files with every field are right',
  needs: [`kubeadm-${NEWEST}`, 'kubeadm-1.30.4'],
  run: async ({ program }) => {
    const files = [...FILES, ['v1beta4-join', NEWEST], ['v1beta3-join', '1.30.4']];
    const failures = files.flatMap(([name, version]) => {
      const file = join(FIXTURES, `${name}.yaml`);
      const { status, output } = run(program(`kubeadm-${version}`), ['config', 'validate', '--config', file]);
      return status === 0 ? [] : [`${name}: ${output}`];
    });
    return { checks: files.length, failures };
  },
};

const randomCases = KUBEADM_VERSIONS.map((version) =>
  configurationCase(`configuration: random requests, kubeadm ${version}`, version, (seed) =>
    Array.from({ length: REQUESTS_OF_EACH }, (_, index) => {
      // Others than those that the library is asked for.
      const request = { ...randomRequest(version, 500 + seed + index), keyAlgorithm: 'ECDSA-P256' };
      return (certificatesDir) => kubeadmConfigOf(request, { version, certificatesDir });
    }),
  ),
);

// Text to YAML 1.2 and something else to the 1.1 that kubeadm reads.
const NAMES = ODD_CLUSTER_NAMES.filter((name) => /^(?:y|yes|off|=|<<|[\d_:.b-]{3,})$/i.test(name));
const nameCase = configurationCase(`configuration: odd cluster names, kubeadm ${NEWEST}`, NEWEST, () =>
  NAMES.map(
    (clusterName) => (certificatesDir) =>
      kubeadmConfigOf({ ...REQUEST, clusterName }, { version: NEWEST, certificatesDir }),
  ),
);

export const cases = [validCase, ...fileCases, ...randomCases, nameCase];
