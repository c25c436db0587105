import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-engine.ts'],
    // Tests mostly wait for an engine in a process of its own, so no core is left free for them.
    maxWorkers: '100%',
    testTimeout: 240_000,
    hookTimeout: 240_000,
    reporters: ['default', ['json', { outputFile: process.env['BECKON_REPORT'] ?? '.beckon/vitest.json' }]],
  },
})
