using TorchSharp;

namespace LatentDiffusion.Tests.Support;

/// <summary>
/// Images with the statistics of photographs: discs of all sizes that cover each other, shaded and grained.
/// </summary>
internal static class DeadLeaves
{
    private const int Discs = 400;
    private const double SmallestRadius = 1.5;

    /// <summary>Draws images.</summary>
    /// <returns>[count, 3, size, size] in [-1, 1].</returns>
    public static torch.Tensor Draw(int count, int size, int seed)
    {
        var random = new Random(seed);
        var values = new float[count * 3 * size * size];
        for (var i = 0; i < count; i++)
        {
            Draw(values.AsSpan(i * 3 * size * size, 3 * size * size), size, random);
        }

        return torch.tensor(values, [count, 3, size, size]);
    }

    private static void Draw(Span<float> image, int size, Random random)
    {
        for (var disc = 0; disc < Discs; disc++)
        {
            // Areas fall off as the cube of the radius: as many discs cover a pixel at every scale.
            var (small, large) = (Math.Pow(SmallestRadius, -2), Math.Pow(size / 3.0, -2));
            var radius = Math.Pow(small + random.NextDouble() * (large - small), -0.5);
            var (x, y) = (random.NextDouble() * size, random.NextDouble() * size);
            Span<double> colour = [random.NextDouble(), random.NextDouble(), random.NextDouble()];
            var shade = random.NextDouble() - 0.5;
            for (var pixel = 0; pixel < size * size; pixel++)
            {
                var (dx, dy) = (pixel % size - x, pixel / size - y);
                if (dx * dx + dy * dy <= radius * radius)
                {
                    var grain = 0.1 * (random.NextDouble() - 0.5);
                    for (var channel = 0; channel < 3; channel++)
                    {
                        var value = 1.6 * colour[channel] - 0.8 + 0.4 * shade * dx / radius + grain;
                        image[channel * size * size + pixel] = (float)Math.Clamp(value, -1, 1);
                    }
                }
            }
        }
    }
}
