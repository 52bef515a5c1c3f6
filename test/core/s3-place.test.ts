import { describe, expect, it } from 'vitest'
import { isS3 } from '../../lib/config/value.ts'
import { isS3Url, parseS3Url } from '../../lib/core/s3-place.ts'

const LONGEST = 'x'.repeat(120)

const GOOD: readonly (readonly [url: string, bucket: string, prefix: string])[] = [
  ['s3://warehouse', 'warehouse', ''],
  ['s3://warehouse/', 'warehouse', ''],
  ['s3://abc/almanac', 'abc', 'almanac'],
  ['s3://my.data-lake.2026/almanac/prod/', 'my.data-lake.2026', 'almanac/prod'],
  ['s3://123/a_b=c.d', '123', 'a_b=c.d'],
  [`s3://${'b'.repeat(63)}/${LONGEST}`, 'b'.repeat(63), LONGEST],
]

const BAD: readonly string[] = [
  '',
  'warehouse',
  '/s3://warehouse',
  'S3://warehouse',
  'https://warehouse',
  's3:/warehouse',
  's3://',
  's3:///prefix',
  's3://ab',
  `s3://${'b'.repeat(64)}`,
  's3://Warehouse',
  's3://ware_house',
  's3://-warehouse',
  's3://warehouse-',
  's3://ware..house',
  's3://ware.-house',
  's3://.warehouse',
  's3://192.168.0.1/prefix',
  's3://warehouse:9000/prefix',
  's3://user@warehouse/prefix',
  's3://warehouse?region=x',
  's3://warehouse//prefix',
  's3://warehouse/prefix//',
  's3://warehouse/../prefix',
  's3://warehouse/./prefix',
  's3://warehouse/.hidden',
  's3://warehouse/a/ends.',
  's3://warehouse/a!b',
  `s3://warehouse/${'x'.repeat(130)}`,
  's3://warehouse/with space',
  's3://warehouse/pre%2Ffix',
  's3://warehouse/präfix',
  's3://warehouse/prefix\n',
  's3://warehouse\n',
  `s3://warehouse/${LONGEST}/y`,
]

describe('parseS3Url', () => {
  it.each(GOOD)('takes %s apart', (url, bucket, prefix) => {
    expect(parseS3Url(url)).toEqual({ bucket, prefix })
  })

  it.each(BAD)('refuses %j, naming it', (url) => {
    expect(() => parseS3Url(url)).toThrow(
      expect.objectContaining({
        code: 'bad-configuration',
        message: expect.stringContaining(JSON.stringify(url)),
        next: expect.stringContaining('s3://bucket/prefix'),
      }),
    )
  })
})

describe('the configuration', () => {
  it.each(GOOD)('takes %s as well', (url) => {
    expect(isS3(url)).toBe(true)
  })

  it.each(BAD)('refuses %j as well', (url) => {
    expect(isS3(url)).toBe(false)
  })
})

describe('isS3Url', () => {
  it('tells buckets from folders', () => {
    expect(['s3://x', './s3', 's3:/x', '/data'].map(isS3Url)).toEqual([true, false, false, false])
  })
})
