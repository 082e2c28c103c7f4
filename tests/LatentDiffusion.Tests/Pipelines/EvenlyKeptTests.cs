using CsCheck;
using LatentDiffusion.Pipelines;
using Xunit;

namespace LatentDiffusion.Tests.Pipelines;

public sealed class EvenlyKeptTests
{
    [Fact]
    public void What_is_kept_of_a_stream_is_what_is_taken_of_a_list_however_it_comes() =>
        Gen.Select(Gen.Int[1, 60], Gen.Int[1, 60], Gen.Int[1, 20])
            .Sample(
                (expected, most, batch) =>
                {
                    var kept = new EvenlyKept(expected, most);
                    List<long> places = [];
                    // More than expected: none of those is kept.
                    foreach (var part in Enumerable.Range(0, expected + 5).Chunk(batch))
                    {
                        places.AddRange(kept.Next(part.Length).Select(place => part[place]).Select(i => (long)i));
                    }

                    Assert.Equal(EvenlySpaced.Indices(expected, most).Select(i => (long)i), places);
                },
                iter: 200
            );
}
