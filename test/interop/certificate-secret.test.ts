import { expect, test } from '@jest/globals';
import { exportCertificateSecret } from '../../src/index.ts';
import { toYaml } from '../../src/report/yaml.ts';
import { filesOf, NOW } from '../report/audited.ts';
import { kubectl, kubectlOracle } from './kubectl-run.ts';

kubectlOracle('the Secret kubeadm-certs and what goes with it', () => {
  const owner = { name: 'bootstrap-token-abcdef', uid: '01234567-89ab-cdef-0123-456789abcdef' };

  test.each([
    ['with a token of its own', {}],
    ['tied to one that is there', { owner }],
  ])('is read as it was meant, %s', async (_, options) => {
    const { manifests } = await exportCertificateSecret({
      files: await filesOf(),
      certificateKey: '5a'.repeat(32),
      now: NOW,
      ...options,
    });
    const forms = [
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }),
      (await toYaml(manifests)).join('\n'),
    ];
    for (const input of forms) {
      // It reads each object as its type has it, and needs no server for that.
      const args = ['label', '--local', '--dry-run=client', '-f', '-', 'seen=yes', '-o', 'json'];
      const documents = kubectl(args, { input })
        .trim()
        .split(/^}\n(?=\{)/m);
      const read = documents.map((text): unknown => JSON.parse(text.endsWith('}') ? text : `${text}}`));
      const meant = manifests.map((manifest) => ({
        ...manifest,
        metadata: { ...manifest.metadata, labels: { seen: 'yes' } },
      }));
      expect(read).toEqual(meant);
    }
  });
});
