// What Cloudflare does by the clock, whenever it is asked.
export default {
  async fetch(_request, env) {
    return Response.json(await env.REGISTRY.scheduled({ cron: "*/10 * * * *", scheduledTime: new Date() }));
  },
};
