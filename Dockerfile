# tieout in a container: nights on their schedule, below one volume. Build and start it:
#     docker build --tag tieout .
#     docker run --detach --volume /srv/tieout:/data tieout                 (tieout.toml lies in /srv/tieout)
#     docker run --rm --volume /srv/tieout:/data tieout run --plain         (one night, by a timer of the host's)
FROM python:3.13-slim AS build
WORKDIR /src
COPY . .
RUN python -m venv /opt/tieout
RUN /opt/tieout/bin/pip install --no-cache-dir --constraint constraints.txt ".[postgres,s3,sftp,dask]"

FROM python:3.13-slim
COPY --from=build /opt/tieout /opt/tieout
# Whoever breaks in is nobody: the volume is all that this user may write to.
RUN useradd --uid 10001 --create-home tieout && mkdir /data && chown tieout: /data
ENV PATH=/opt/tieout/bin:$PATH PYTHONUNBUFFERED=1 TIEOUT_CONFIG=/data/tieout.toml
USER tieout
WORKDIR /data
VOLUME /data
# Healthy also where something waits for a person (exit 1); not where a night was due and did not run (3).
HEALTHCHECK --interval=10m --timeout=60s --start-period=5m CMD tieout status >/dev/null || [ $? -eq 1 ]
# SIGTERM: what is in flight is finished before the process ends.
STOPSIGNAL SIGTERM
ENTRYPOINT ["tieout"]
CMD ["serve"]
