/** What the server gives to a browser that opens it, and to a program that asks whether it is there. */
import request from 'supertest';
import { expect, it } from 'vitest';
import { startTestServer } from '../harness/server.ts';

it('opens with a page that leads to both pages, to the protocol, to the messages and nowhere else', async () => {
  const { url } = await startTestServer();
  const { text } = await request(url).get('/').expect(200).expect('Content-Type', /html/);
  const leadsTo = [...text.matchAll(/<a [^>]*?href="([^"]*)"/g)].map(([, href]) => href ?? '');
  expect(leadsTo).toEqual([
    '/websocket/',
    '/polling/',
    '/docs',
    '/docs/openapi.yaml',
    '/docs/asyncapi.yaml',
    '/messages',
  ]);
  for (const path of leadsTo)
    await request(url)
      .get(path)
      .expect(200)
      .expect('Content-Type', /html|yaml|json/);
});

it('says that it lives, and that it can accept a message', async () => {
  const { url } = await startTestServer();
  await request(url).get('/healthz').expect(200);
  await request(url).get('/readyz').expect(200).expect('Cache-Control', 'no-store');
});

it('sends a page without its slash to the page, and a wrong one nowhere', async () => {
  const { url } = await startTestServer();
  await request(url).get('/polling').expect(301).expect('Location', '/polling/');
  await request(url).get('/websocket').expect(301).expect('Location', '/websocket/');
  await request(url)
    .get('/nowhere/')
    .expect(404)
    .expect('Content-Type', /problem\+json/);
});
