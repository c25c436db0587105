import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { createReadAsset } from '#functions/customer-api/reference/read-asset.ts'
import { serveAsset, serveNamedAsset } from '#functions/customer-api/reference/serve-asset.ts'

const folder = mkdtempSync(join(tmpdir(), 'beckon-reference-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const TEXT = '{"openapi":"3.1.1"}'
writeFileSync(join(folder, 'openapi.json.gz'), gzipSync(TEXT))
const serve = serveAsset('openapi.json')({
  readAsset: createReadAsset(pathToFileURL(`${folder}/`)),
})
const get = (headers: Readonly<Record<string, string>>) =>
  serve({ path: {}, headers, body: '', signal: new AbortController().signal })
const bytesOf = ({ bytes = new Uint8Array() }: { readonly bytes?: Uint8Array }) => bytes

describe('the description of the API', () => {
  test('is sent compressed to who takes that', async () => {
    const answer = await get({ 'accept-encoding': 'br, gzip' })
    expect(answer.headers).toMatchObject({ 'content-encoding': 'gzip', 'content-type': 'application/json' })
    expect(gunzipSync(bytesOf(answer)).toString('utf8')).toBe(TEXT)
  })

  test('is sent as it is to all others', async () => {
    const answer = await get({})
    expect(answer.headers).not.toHaveProperty('content-encoding')
    expect(Buffer.from(bytesOf(answer)).toString('utf8')).toBe(TEXT)
  })

  test('may be kept for a while, by encoding, and has one tag with and without compression', async () => {
    const { headers } = await get({})
    expect(headers).toMatchObject({ 'cache-control': 'public, max-age=300', vary: 'accept-encoding' })
    expect(headers?.['etag']).toMatch(/^W\/"[\w-]{22}"$/)
    expect((await get({ 'accept-encoding': 'gzip' })).headers?.['etag']).toBe(headers?.['etag'])
  })

  test('is answered with a policy that lets its page load from nowhere else', async () => {
    const policy = (await get({})).headers?.['content-security-policy'] ?? ''
    expect(policy).not.toMatch(/unsafe|https?:|\*/)
  })

  test.each(['../index.mjs', 'openapi.json.gz', '', 'toString'])('has no file called %j', (file) => {
    const named = serveNamedAsset({ readAsset: () => Promise.reject(new Error('read')) })
    const request = { path: { file }, headers: {}, body: '', signal: new AbortController().signal }
    expect(() => named(request)).toThrow('There is no such resource')
  })
})
