import { App } from 'aws-cdk-lib'
import { buildBeckon } from '#infra/build-beckon.ts'
import { configOf } from '#infra/config.ts'
import { withBundledFunctions } from '#infra/constructs/function-code.ts'
import cdkJson from '../cdk.json' with { type: 'json' }

// Feature flags come from cdk.json also when no CDK command line runs this file, so that `node infra/app.ts` and
// `cdk synth` write the same templates.
const app = new App({ context: cdkJson.context, analyticsReporting: false })
const stage = String(app.node.tryGetContext('stage') ?? process.env['BECKON_STAGE'] ?? 'dev')

withBundledFunctions((codeOf) => buildBeckon(app, { stage, config: configOf(stage), codeOf }))
app.synth()
