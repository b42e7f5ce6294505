import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { expirationsIn, type ExpirationRequest, standingOf } from '../../src/expiration.ts';
import { expirationMessages, type ExpirationReport, expirationText } from '../../src/report/expiration.ts';
import { humanDuration } from '../../src/report/human-duration.ts';
import { expirationPrometheus } from '../../src/report/prometheus.ts';
import { timelineText } from '../../src/report/timeline.ts';
import { encodeName } from '../../src/x509/name.ts';
import { encodePem } from '../../src/x509/pem.ts';
import { encodeTime } from '../../src/x509/time.ts';
import { isOnPath, oracle } from '../support/oracles.ts';
import { forgeCertificate } from '../x509/forge.ts';
import { filesOf, NOW } from './audited.ts';

const DAY_SECONDS = 86_400;

async function reportOn(
  changes: Readonly<Record<string, string | undefined>>,
  { at = NOW, ...request }: Partial<ExpirationRequest> = {},
): Promise<ExpirationReport> {
  const files = await filesOf(changes, { profile: 'kubeadm' });
  const expirations = await expirationsIn({ files, options: {}, at, ...request });
  return { expirations, at, warnWithinSeconds: 30 * DAY_SECONDS, pathOf: (path) => `/srv/${path}` };
}

describe('a period is told as kubectl tells it', () => {
  // What Go's HumanDuration prints for each.
  test.each([
    [-2, '<invalid>'],
    [-1, '0s'],
    [0, '0s'],
    [119, '119s'],
    [120, '2m'],
    [121, '2m1s'],
    [599, '9m59s'],
    [600, '10m'],
    [659, '10m'],
    [3 * 3600 - 1, '179m'],
    [3 * 3600, '3h'],
    [3 * 3600 + 60, '3h1m'],
    [8 * 3600 - 1, '7h59m'],
    [8 * 3600, '8h'],
    [2 * DAY_SECONDS - 1, '47h'],
    [2 * DAY_SECONDS, '2d'],
    [2 * DAY_SECONDS + 3600, '2d1h'],
    [8 * DAY_SECONDS - 1, '7d23h'],
    [8 * DAY_SECONDS, '8d'],
    [729 * DAY_SECONDS, '729d'],
    [730 * DAY_SECONDS, '2y'],
    [731 * DAY_SECONDS, '2y1d'],
    [8 * 365 * DAY_SECONDS - 1, '7y364d'],
    [8 * 365 * DAY_SECONDS, '8y'],
    [3649 * DAY_SECONDS, '9y'],
  ])('%d seconds: %s', (seconds, text) => {
    expect(humanDuration(seconds)).toBe(text);
  });
});

describe('the tables', () => {
  test('name what is missing, and say that a row ends before anything else', async () => {
    const report = await reportOn({ 'pki/apiserver.crt': undefined }, { at: new Date('2027-11-01') });
    const [apiserver] = report.expirations.filter(({ name }) => name === 'apiserver');
    expect(apiserver).toEqual({
      name: 'apiserver',
      path: 'pki/apiserver.crt',
      isAuthority: false,
      residualSeconds: 0,
      isExternallyManaged: false,
    });
    expect(expirationText(report)[2]).toBe('!MISSING! apiserver'.padEnd(92));
    expect(expirationMessages(report).slice(0, 2)).toEqual([
      'warning: admin.conf: ends in 22 days (/srv/admin.conf)',
      'error: apiserver: is missing (/srv/pki/apiserver.crt)',
    ]);
  });

  test('show what cannot be read as missing, and the message says why', async () => {
    const report = await reportOn({ 'pki/apiserver.crt': 'nothing', 'admin.conf': '{}' });
    expect(expirationMessages(report)).toEqual([
      expect.stringMatching(/^error: admin\.conf: .*kubeconfig.* \(\/srv\/admin\.conf\)$/),
      expect.stringMatching(
        /^error: apiserver: there is no certificate in it: .* \(\/srv\/pki\/apiserver\.crt\)$/,
      ),
    ]);
  });

  test('tell what is over to the second, and what has not begun', async () => {
    const { expirations } = await reportOn({});
    const [first] = expirations;
    const end = first?.certificate?.notAfter ?? new Date(0);
    const begin = first?.certificate?.notBefore ?? new Date(0);
    const at = (time: Date, milliseconds: number): string | undefined =>
      first &&
      standingOf(first, { at: new Date(time.getTime() + milliseconds), warnWithinSeconds: DAY_SECONDS });
    expect(at(begin, -1)).toBe('not-yet-valid');
    expect(at(begin, 0)).toBe('good');
    expect(at(end, -DAY_SECONDS * 1000 - 1)).toBe('good');
    expect(at(end, -DAY_SECONDS * 1000)).toBe('ending');
    expect(at(end, 999)).toBe('ending');
    expect(at(end, 1000)).toBe('expired');
  });
});

describe('the timeline', () => {
  test('is ordered by the end, and draws what is over as such', async () => {
    const report = await reportOn({}, { at: new Date('2028-01-01') });
    const lines = timelineText(report, { isUnicode: false, paint: (line) => line });
    expect(lines).toHaveLength(1 + 11 + 3);
    expect(lines[1]).toMatch(/^admin\.conf +x +<invalid>$/);
    expect(lines.at(-1)).toMatch(/^front-proxy-ca +-+\* {2}8y$/);
  });
});

/** A sample of the text format, read by its grammar: https://prometheus.io/docs/instrumenting/exposition_formats/ */
interface Sample {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;

function parseLabels(text: string): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const [, name = '', value = ''] = LABEL.exec(text) ?? [];
    if (name === '' || name in labels) throw new Error(`no label at ${text}`);
    labels[name] = value.replaceAll(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter));
  }
  return labels;
}

/** Reads a text as Prometheus does: a family after its HELP and TYPE, all of it in one place, no series twice. */
function parseExposition(lines: readonly string[]): readonly Sample[] {
  const samples: Sample[] = [];
  const seen = new Set<string>();
  let family = '';
  let helped = '';
  for (const line of lines) {
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\w+) (.+)$/.exec(line) ?? [];
    if (keyword === 'HELP') {
      if (seen.has(name)) throw new Error(`${name} begins twice`);
      seen.add(name);
      helped = name;
    } else if (keyword === 'TYPE') {
      if (name !== helped || rest !== 'gauge') throw new Error(line);
      family = name;
    } else {
      const [, metric = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (-?\d+)$/.exec(line) ?? [];
      if (metric === '' || metric !== family || seen.has(`${metric}{${labels}}`)) throw new Error(line);
      seen.add(`${metric}{${labels}}`);
      samples.push({ metric, labels: parseLabels(labels), value: Number(value) });
    }
  }
  return samples;
}

/** A certificate whose names have in them what has to be escaped, and whose serial number is negative. */
function oddPem(notAfter: string): string {
  const name = encodeName({ commonName: 'a "quoted" \\ back\nslash' });
  const der = forgeCertificate({
    subjectDer: name,
    issuerDer: name,
    serial: Uint8Array.of(0xff),
    notAfterDer: encodeTime(new Date(notAfter)),
  });
  return encodePem('CERTIFICATE', der);
}
const odd = (): string => oddPem('2027-01-01') + oddPem('2026-12-01');

describe('the metrics', () => {
  test("have the exporter's names and labels", async () => {
    const samples = parseExposition(expirationPrometheus(await reportOn({ 'pki/apiserver.crt': undefined })));
    const families = new Set(samples.map(({ metric }) => metric));
    expect([...families]).toEqual([
      'x509_cert_not_before',
      'x509_cert_not_after',
      'x509_cert_expired',
      'x509_cert_error',
      'x509_read_errors',
    ]);
    const [admin] = samples.filter(
      ({ metric, labels }) => metric === 'x509_cert_not_after' && labels['filename'] === 'admin.conf',
    );
    expect(admin).toEqual({
      metric: 'x509_cert_not_after',
      labels: {
        filename: 'admin.conf',
        filepath: '/srv/admin.conf',
        embedded_kind: 'user',
        embedded_key: 'kubernetes-admin',
        serial_number: expect.stringMatching(/^\d+$/),
        issuer_CN: 'kubernetes',
        subject_CN: 'kubernetes-admin',
        subject_O: 'kubeadm:cluster-admins',
      },
      value: NOW.getTime() / 1000 - 300 + 365 * DAY_SECONDS + 300,
    });
    expect(samples.filter(({ metric, value }) => metric === 'x509_cert_error' && value === 1)).toEqual([
      {
        metric: 'x509_cert_error',
        labels: { filename: 'apiserver.crt', filepath: '/srv/pki/apiserver.crt' },
        value: 1,
      },
    ]);
    expect(samples.at(-1)).toEqual({ metric: 'x509_read_errors', labels: {}, value: 1 });
  });

  test('escape what has to be, and tell of two that differ in their period alone the one that ends first', async () => {
    const report = await reportOn({ 'pki/odd.crt': odd() }, { isAll: true });
    const found = parseExposition(expirationPrometheus(report)).filter(
      ({ metric, labels }) => metric === 'x509_cert_not_after' && labels['filename'] === 'odd.crt',
    );
    expect(found).toEqual([
      {
        metric: 'x509_cert_not_after',
        labels: {
          filename: 'odd.crt',
          filepath: '/srv/pki/odd.crt',
          serial_number: '-1',
          issuer_CN: 'a "quoted" \\ back\nslash',
          subject_CN: 'a "quoted" \\ back\nslash',
        },
        value: Date.parse('2026-12-01') / 1000,
      },
    ]);
  });

  test('of a Secret name the Secret', async () => {
    const report = await reportOn({});
    const pathOf = (path: string): string => `secret capi/prod:${path}`;
    const [sample] = parseExposition(expirationPrometheus({ ...report, pathOf }));
    expect(sample?.labels).toMatchObject({
      secret_namespace: 'capi',
      secret_name: 'prod',
      secret_key: 'admin.conf',
    });
    expect(sample?.labels).not.toHaveProperty('filename');
  });
});

oracle(
  'promtool',
  isOnPath('promtool'),
  'promtool is not on the PATH',
)('the metrics', () => {
  test('are read by Prometheus itself', async () => {
    const report = await reportOn({ 'pki/odd.crt': odd(), 'pki/apiserver.crt': undefined }, { isAll: true });
    const input = `${expirationPrometheus(report).join('\n')}\n`;
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input,
      encoding: 'utf8',
    });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });
});
