// The real kubeadm, asked for a whole PKI.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun } from './processes.mjs';
import { kubeadmConfigOf } from './requests.mjs';

/** Where everything lies below `folder`, as below a host's own root. */
export const KUBERNETES_DIR = 'etc/kubernetes';

/** A folder in which kubeadm finds the request as configuration, and with `--rootfs` takes it for the host's root. */
export function layOut(folder, { request, version, isRoot = false }) {
  const directory = join(folder, KUBERNETES_DIR);
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  const base = isRoot ? `/${KUBERNETES_DIR}` : directory;
  writeFileSync(
    join(folder, 'kubeadm.yaml'),
    kubeadmConfigOf(request, { version, certificatesDir: `${base}/pki` }),
  );
  const config = ['--config', isRoot ? '/kubeadm.yaml' : join(folder, 'kubeadm.yaml')];
  return { directory, config: isRoot ? [...config, '--rootfs', folder] : config };
}

/** Both phases that write a PKI. Returns when each began, in milliseconds: kubeadm dates certificates by that. */
export function runPhases(kubeadm, { directory, config }) {
  const certificates = Date.now();
  mustRun(kubeadm, ['init', 'phase', 'certs', 'all', ...config]);
  const kubeconfigs = Date.now();
  const isRoot = config.includes('--rootfs');
  const to = ['--kubeconfig-dir', isRoot ? `/${KUBERNETES_DIR}` : directory];
  mustRun(kubeadm, ['init', 'phase', 'kubeconfig', 'all', ...config, ...to]);
  return { certificates, kubeconfigs };
}
