// Which oracles a run was held against stands in the titles that `oracle` of oracles.ts gives: a reporter runs in another
// process than the tests.
const TITLE = /^oracle (?<name>\S+)(?: \((?<why>.*?)\))?: /;

class OracleReporter {
  onRunComplete(_contexts, results) {
    const counts = new Map();
    const missing = new Map();
    for (const { testResults } of results.testResults) {
      for (const { ancestorTitles, status } of testResults) {
        const titled = ancestorTitles.map((title) => TITLE.exec(title)).find((match) => match !== null);
        if (titled === undefined) continue;
        const { name, why } = titled.groups;
        if (why === undefined) counts.set(name, (counts.get(name) ?? 0) + (status === 'pending' ? 0 : 1));
        else missing.set(name, why);
      }
    }
    const ran = [...counts].filter(([, count]) => count > 0).map(([name, count]) => `${name} (${count})`);
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const lines = [
      ...(ran.length > 0 ? [`oracles that ran: ${ran.toSorted().join(', ')}`] : []),
      ...[...missing].map(([name, why]) => `oracle missing: ${name}, ${why}`).toSorted(),
      `${results.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
    ];
    // Jest's own summary is printed after all reporters are through.
    process.once('exit', () => process.stdout.write(`${lines.join('\n')}\n`));
  }
}

module.exports = OracleReporter;
