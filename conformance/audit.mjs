// Which client certificates an API server was shown: its audit log has the hash of each beside the user (KEP-4193, since 1.32).
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Arguments of an API server that writes down what these users ask, into `log`. */
export function auditArguments(folder, users) {
  const [policy, log] = ['audit.json', 'audit.log'].map((name) => join(folder, name));
  const rules = [{ level: 'Metadata', users }, { level: 'None' }];
  const document = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'], rules };
  writeFileSync(policy, JSON.stringify(document));
  return { log, args: [`--audit-policy-file=${policy}`, `--audit-log-path=${log}`] };
}

const CREDENTIAL = 'authentication.kubernetes.io/credential-id';

/**
 * The fingerprints that a user has shown since a moment, each once; what is half written is read the next time.
 *
 * @param resource Only where it asked for this.
 */
export function shownBy(log, user, since, resource) {
  if (!existsSync(log)) return [];
  const events = readFileSync(log, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
  const own = events.filter(
    (event) =>
      event.user.username === user &&
      Date.parse(event.requestReceivedTimestamp) >= since &&
      (resource === undefined || event.objectRef?.resource === resource),
  );
  return [...new Set(own.map((event) => event.user.extra[CREDENTIAL][0].replace('X509SHA256=', '')))];
}
