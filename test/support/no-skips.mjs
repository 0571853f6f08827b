import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A test that is skipped proves nothing: a run with one fails, and names it. Runs narrowed by hand (`-t`) are let be.
 * Where TEST_RESULTS names a folder, the numbers of passed and failed tests are left there for whoever adds them up.
 */
export default class NoSkips {
  #skipped = [];
  #narrowed;

  constructor(config) {
    this.#narrowed = config.testNamePattern !== undefined && config.testNamePattern !== '';
  }

  onTestResult(_test, result) {
    for (const test of result.testResults) {
      if (test.status === 'pending' || test.status === 'todo' || test.status === 'disabled') {
        this.#skipped.push(test.fullName);
      }
    }
  }

  onRunComplete(_contexts, results) {
    const folder = process.env.TEST_RESULTS;
    if (folder === undefined || folder === '') return;
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    appendFileSync(join(folder, `${process.pid}`), `${results.numPassedTests} ${failed}\n`);
  }

  getLastError() {
    if (this.#narrowed || this.#skipped.length === 0) return undefined;
    return new Error(`These tests did not run: ${this.#skipped.join('; ')}`);
  }
}
