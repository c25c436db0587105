// Sums vitest's JSON reports and prints one line: `N passed, N failed, N skipped`. Exits 1 when a report is missing or
// empty, or a test failed.
import { existsSync, readFileSync } from 'node:fs'

const sum = { passed: 0, failed: 0, skipped: 0 }
let complete = true
for (const file of process.argv.slice(2)) {
  if (!existsSync(file)) {
    console.error(`no report ${file}`)
    complete = false
    continue
  }
  const report = JSON.parse(readFileSync(file, 'utf8'))
  sum.passed += report.numPassedTests
  // A file that could not even be loaded has no test to count.
  sum.failed +=
    report.numFailedTests +
    report.testResults.filter((one) => one.status === 'failed' && one.assertionResults.length === 0).length
  sum.skipped += report.numPendingTests + report.numTodoTests
}
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`)
process.exit(complete && sum.failed === 0 && sum.passed > 0 ? 0 : 1)
