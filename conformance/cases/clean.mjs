// What `verify` says of the trees that the real kubeadm wrote: no error and no warning, and notices of nothing but what
// docs/differences.md tells.
import { DIFFERENCES, verifyClusterPki } from '../../dist/index.js';
import { KUBEADM_TREE_NAMES, kubeadmTree, LOOKED_AT } from '../chains.mjs';
import { createLedger } from '../ledger.mjs';

/** The difference that a notice is about, by its code, of a CA and of anything else. */
const ACCOUNTED = {
  'ca-subject-alternative-name': { ca: 'ca-subject-alternative-name' },
  'serial-zero': { ca: 'ca-serial-number' },
  'ca-key-encipherment': { ca: 'ca-key-usage' },
  'key-usage-differs': { ca: 'ca-key-usage', other: 'ec-leaf-key-usage' },
  'elliptic-key-encipherment': { ca: 'ca-key-usage', other: 'ec-leaf-key-usage' },
  'key-usage-inconsistent': { other: 'ec-leaf-key-usage' },
  'leaf-subject-key-identifier-absent': { other: 'leaf-subject-key-identifier' },
  'mode-stricter': { other: 'sa-pub-mode' },
};

function accountOf({ code, path }) {
  const { [code]: { ca, other } = {} } = ACCOUNTED;
  return path.endsWith('ca.crt') ? ca : other;
}

async function audit(name) {
  const ledger = createLedger();
  const seen = new Set();
  const [kubernetesVersion] = /\d+\.\d+\.\d+/.exec(name);
  // As what it is, and as whatever `verify` takes it for by itself.
  for (const options of [{ profile: 'kubeadm', kubernetesVersion }, {}]) {
    const { findings, spec } = await verifyClusterPki({
      ...options,
      files: kubeadmTree(name),
      at: LOOKED_AT,
    });
    ledger.expect('the profile', spec.profile, 'kubeadm');
    for (const finding of findings) {
      const id = accountOf(finding);
      const isKnown = DIFFERENCES.some((difference) => difference.id === id);
      const about = `${finding.path} ${finding.code}: a ${finding.severity} that a difference accounts for`;
      ledger.expect(about, [finding.severity, isKnown], ['notice', true]);
      seen.add(id);
    }
  }
  return { ...ledger.outcome(), differences: [...seen].filter((id) => id !== undefined) };
}

export const cases = KUBEADM_TREE_NAMES.map((name) => ({
  id: `clean: kubeadm ${name.slice(1)}`,
  needs: [],
  run: () => audit(name),
}));
