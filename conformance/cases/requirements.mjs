// What the documentation asks for against what the profile `requirements` makes.
import { parseClusterSpec } from '../../dist/cluster/parse.js';
import { generateClusterPki, resolveArguments } from '../../dist/index.js';
import { shownRows } from '../../dist/report/table.js';
import { documentedArguments, documentedFiles, documentedHolder, REQUESTS } from '../documentation.mjs';
import { compareFacts, factsOf } from '../facts.mjs';
import { pooledKeyPair } from '../keys.mjs';

const filesCases = REQUESTS.map((request) => ({
  id: `requirements: every file as R2, R3, R4 and R6 have it, ${request.options.keyAlgorithm}`,
  needs: [],
  run: async () => {
    const { files } = await generateClusterPki({ ...request.options, generateKeyPair: pooledKeyPair });
    const expected = documentedFiles(request);
    return { checks: expected.size, failures: compareFacts(expected, await factsOf(files)) };
  },
}));

const OPTIONS = REQUESTS[0].options;

/** As text, so that a set of them can be held against another. */
function argumentsOf(options, keyless = []) {
  const { spec } = parseClusterSpec(options, {});
  return resolveArguments(spec, { pathOf: (path) => path, keyless }).map(
    ({ requirement = 'kubeadm.md 8', component, flag, value, isPlaceholder }) =>
      `${requirement} ${component} ${flag}=${isPlaceholder ? '<…>' : value}`,
  );
}

function compareTexts(expected, found) {
  return [
    ...expected.filter((text) => !found.includes(text)).map((text) => `${text} is missing`),
    ...found.filter((text) => !expected.includes(text)).map((text) => `${text} is there and should not be`),
  ];
}

const argumentsCase = {
  id: 'requirements: the arguments of R5 and R6',
  needs: [],
  run: async () => {
    const all = argumentsOf(OPTIONS);
    const isOfEtcd = (text) => / etcd(?:ctl)? /.test(text);
    const external = all
      .filter((text) => !isOfEtcd(text))
      // The files of an etcd that others run are known to the operator alone.
      .map((text) => text.replace(/(?<= --etcd-[a-z]+=).*/, '<…>'));
    const failures = [
      ...compareTexts(
        documentedArguments(),
        all.filter((text) => text.startsWith('R')),
      ),
      ...compareTexts(external, argumentsOf({ ...OPTIONS, externalEtcd: true })).map(
        (text) => `with an external etcd ${text}`,
      ),
      // R2.6; kube-controller-manager refuses to start with half of a signing pair.
      ...compareTexts(
        all.filter((text) => !text.includes('--cluster-signing-')),
        argumentsOf(OPTIONS, ['ca']),
      ).map((text) => `without the key of the CA ${text}`),
    ];
    return { checks: 3, failures };
  },
};

const holdersCase = {
  id: 'requirements: what a cluster, a control plane and a node has one of',
  needs: [],
  run: async () => {
    const rows = shownRows(parseClusterSpec({ ...OPTIONS, profile: 'hardened' }, {}).spec);
    const failures = rows.flatMap(({ id, per, requirements }) => {
      const expected = documentedHolder(requirements);
      return per === expected ? [] : [`${id} is made once per ${expected}, not per ${per}`];
    });
    return { checks: rows.length, failures };
  },
};

export const cases = [...filesCases, argumentsCase, holdersCase];
