/** A test that is skipped proves nothing: a run with one fails, and names it. */
export default class NoSkips {
  #skipped = [];

  onTestResult(_test, result) {
    for (const test of result.testResults) {
      if (test.status === 'pending' || test.status === 'todo' || test.status === 'disabled') {
        this.#skipped.push(test.fullName);
      }
    }
  }

  getLastError() {
    if (this.#skipped.length === 0) return undefined;
    return new Error(`These tests did not run: ${this.#skipped.join('; ')}`);
  }
}
