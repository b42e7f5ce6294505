// What `verify` says of the static pods and the kubelet's configuration that kubeadm wrote, beside the PKI that it wrote:
// nothing as they are, and each argument of the table by its name once it is gone or leads to the file of another row.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseComponents, readClusterPki } from '../../dist/index.js';
import { checkComponents } from '../../dist/checks/components.js';
import { desiredArguments } from '../../dist/resolve/arguments.js';
import { verifyPki } from '../../dist/verify.js';
import { KUBEADM_VERSIONS } from '../programs.mjs';
import { CLUSTERS, writeManifests } from './manifests.mjs';

/** What there is of a cluster: its PKI, audited, and the texts that start its components. */
async function audited({ makeFolder, program }, version, cluster) {
  const folder = makeFolder();
  const kubeadm = program(`kubeadm-${version}`);
  writeManifests({ folder, kubeadm, version, cluster, hasPki: true });
  const files = await readClusterPki({
    certDir: join(folder, cluster.certDir),
    kubeconfigDir: join(folder, 'etc/kubernetes'),
  });
  const request = { files, options: {}, now: new Date(), warnWithinSeconds: 0 };
  const { spec, evidence } = await verifyPki(request);
  const manifests = join(folder, 'etc/kubernetes/manifests');
  const paths = readdirSync(manifests).map((name) => join(manifests, name));
  const texts = [...paths, join(folder, 'var/lib/kubelet/config.yaml')].map((path) => ({
    path,
    form: 'manifest',
    contents: readFileSync(path, 'utf8'),
  }));
  const findingsOf = async (some) =>
    checkComponents({ components: await parseComponents(some), spec, evidence, files });
  return { spec, files, texts, findingsOf };
}

const said = ({ code, field, message, found }) => `${code} ${field ?? ''}: ${message} (${found ?? ''})`;

/** The manifests with one argument of one component changed, by its line: undefined where none has the argument. */
function changed(texts, { component, flag }, change) {
  const isOwn = ({ path }) => path.endsWith(`/${component}.yaml`);
  const line = new RegExp(`^    - ${flag}=.*\n`, 'm');
  if (!texts.some((text) => isOwn(text) && line.test(text.contents))) return undefined;
  return texts.map((text) =>
    isOwn(text) ? { ...text, contents: text.contents.replace(line, change) } : text,
  );
}

/** What is not said once an argument is gone, or names another file that there is. */
async function unsaid({ spec, files, texts, findingsOf }, { argument, value }) {
  const { component, flag, without } = argument;
  const hasCode = async (text, code) =>
    (await findingsOf(text)).some((finding) => finding.code === code && finding.field === flag);
  const gone = changed(texts, argument, '');
  if (gone === undefined) return { checks: 0, failures: [] };
  const code = without[0] === 'error' ? 'argument-missing' : 'argument-left-out';
  const failures = (await hasCode(gone, code)) ? [] : [`${component} without ${flag}: no ${code}`];
  if (!('path' in value)) return { checks: 1, failures };
  // Another of the same directory, so that the pod sees it.
  const others = desiredArguments(spec)
    .filter((other) => 'path' in other.value && other.argument.component === component)
    .map((other) => other.value.path)
    .filter((path) => path !== value.path && path.startsWith('pki/') === value.path.startsWith('pki/'));
  const [other] = others.filter((path) => files.some((file) => file.path === path));
  if (other === undefined) return { checks: 1, failures };
  const name = other.replace(/^pki\//, '');
  const swapped = changed(texts, argument, (line) =>
    line.replace(new RegExp(`${value.path.replace(/^pki\//, '')}$`, 'm'), name),
  );
  if (!(await hasCode(swapped, 'argument-file')))
    failures.push(`${component} ${flag} with ${name}: no argument-file`);
  return { checks: 2, failures };
}

export const cases = KUBEADM_VERSIONS.map((version) => ({
  id: `components: verify on what starts them, kubeadm ${version}`,
  needs: [`kubeadm-${version}`],
  requires: ['root'],
  run: async (context) => {
    const failures = [];
    let checks = 0;
    for (const cluster of CLUSTERS) {
      const audit = await audited(context, version, cluster);
      const findings = await audit.findingsOf(audit.texts);
      checks += audit.texts.length;
      failures.push(...findings.map((finding) => `${cluster.says}: ${said(finding)}`));
      for (const desired of desiredArguments(audit.spec, cluster.keyless)) {
        const outcome = await unsaid(audit, desired);
        checks += outcome.checks;
        failures.push(...outcome.failures.map((text) => `${cluster.says}: ${text}`));
      }
    }
    return { checks, failures };
  },
}));
