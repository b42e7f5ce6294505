import { beforeAll, describe, expect, test } from '@jest/globals';
import { type ClusterPki, generateClusterPki, verifyClusterPki } from '../../src/index.ts';

const NOW = new Date('2026-11-26T12:00:00Z');
const STRAYS = [{ path: 'pki/a.key' }, { path: 'pki/b.key' }];
const WAIVER = { code: 'file-unknown', subject: 'pki/a.key', reason: 'known', until: '2026-12-31' };

let pki: ClusterPki;
beforeAll(async () => {
  pki = await generateClusterPki({
    hostIp: '192.0.2.10',
    hostname: 'cp1',
    keyAlgorithm: 'ECDSA-P256',
    now: NOW,
  });
});

async function audit(options: Omit<Parameters<typeof verifyClusterPki>[0], 'files'>) {
  const { spec: _, ...rest } = await verifyClusterPki({
    files: [...pki.files, ...STRAYS],
    at: NOW,
    ...options,
  });
  return rest;
}

describe('a program', () => {
  test('gets each finding with what it is known by, and its waiver', async () => {
    const { findings, leftOut, role } = await audit({ waivers: [WAIVER] });
    expect({ leftOut, role }).toEqual({ leftOut: 0, role: 'control-plane' });
    expect(findings).toMatchObject([
      { fingerprint: 'file-unknown pki/a.key:1', waiver: { reason: 'known', until: '2026-12-31' } },
      { fingerprint: 'file-unknown pki/b.key:1' },
    ]);
    expect(findings[1]).not.toHaveProperty('waiver');
  });

  test('asks for some of the findings, or for what is new', async () => {
    expect((await audit({ focus: '/a' })).findings).toHaveLength(1);
    expect(await audit({ skip: '^file-unknown' })).toMatchObject({ findings: [], leftOut: 2 });
    const { findings: baseline } = await audit({ focus: '/a' });
    expect(await audit({ baseline })).toMatchObject({
      findings: [{ path: 'pki/b.key' }],
      baseline: { known: 1, gone: 0 },
    });
  });

  test('is told everything that is wrong with what it asks for', async () => {
    const wrong = JSON.parse(`{
      "role": "node", "focus": "(", "skip": 5, "waivers": [{ "code": "a" }, 5], "baseline": [{}]
    }`);
    const { detail } = await audit(wrong).catch((error) => error);
    expect(detail.issues.map(({ option, rule }: Record<string, string>) => `${option}: ${rule}`)).toEqual([
      'role: must be control-plane, etcd, worker or auto',
      'focus: must be a regular expression; at character 2 it ends too early',
      'skip: must be a string',
      'waivers: waiver 1: lacks subject, reason, until',
      'waivers: waiver 2: must have the fields code, subject, reason, until',
      'baseline: must be a list of findings with their fingerprints',
    ]);
    await expect(audit(JSON.parse('{ "waivers": {} }'))).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      detail: { issues: [{ option: 'waivers', rule: 'must be a list of waivers' }] },
    });
  });
});
