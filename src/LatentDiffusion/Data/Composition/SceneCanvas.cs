using LatentDiffusion.Data.Layouts;
using LatentDiffusion.Imaging;

namespace LatentDiffusion.Data.Composition;

/// <summary>A ground on which cut-outs are placed one over the other, with a record of what of each is still seen.</summary>
internal sealed class SceneCanvas(RgbImage ground)
{
    private const byte Solid = 128;
    private const int Nothing = -1;

    private readonly int[] _owners = Filled(ground.Width * ground.Height);
    private readonly List<Placed> _placed = [];

    public RgbImage Image => ground;

    public IReadOnlyList<Placed> Objects => _placed;

    /// <summary>Which object is seen at each pixel; negative for the ground.</summary>
    public IReadOnlyList<int> Owners => _owners;

    /// <summary>Places a cut-out over everything unless that hides too much of another.</summary>
    /// <param name="cutout">The cut-out's class and caption.</param>
    /// <param name="image">The cut-out at its size in the scene.</param>
    /// <param name="x">Left side; the image must lie within the scene.</param>
    /// <param name="y">Top side.</param>
    /// <param name="minVisible">The least share of every object that stays to be seen.</param>
    /// <returns>Whether it was placed.</returns>
    public bool TryPlace(Cutout cutout, RgbaImage image, int x, int y, double minVisible)
    {
        var (covered, solid) = (new int[_placed.Count], 0);
        ForEachSolid(
            image,
            x,
            y,
            at =>
            {
                solid++;
                if (_owners[at] >= 0)
                {
                    covered[_owners[at]]++;
                }
            }
        );
        if (solid == 0 || _placed.Where((p, i) => p.Seen - covered[i] < minVisible * p.Solid).Any())
        {
            return false;
        }

        for (var i = 0; i < covered.Length; i++)
        {
            _placed[i] = _placed[i] with { Seen = _placed[i].Seen - covered[i] };
        }

        ForEachSolid(image, x, y, at => _owners[at] = _placed.Count);
        _placed.Add(new Placed(cutout, solid, solid));
        image.DrawOn(ground, x, y);
        return true;
    }

    /// <summary>The box around what is seen of an object.</summary>
    public RelativeBox BoxOf(int number)
    {
        var (left, top, right, bottom) = (ground.Width, ground.Height, -1, -1);
        for (var i = 0; i < _owners.Length; i++)
        {
            if (_owners[i] == number)
            {
                var (y, x) = Math.DivRem(i, ground.Width);
                (left, right) = (Math.Min(left, x), Math.Max(right, x));
                (top, bottom) = (Math.Min(top, y), Math.Max(bottom, y));
            }
        }

        return new RelativeBox(
            (double)left / ground.Width,
            (double)top / ground.Height,
            (right - left + 1.0) / ground.Width,
            (bottom - top + 1.0) / ground.Height
        );
    }

    private void ForEachSolid(RgbaImage image, int x, int y, Action<int> visit)
    {
        for (var row = 0; row < image.Height; row++)
        {
            for (var column = 0; column < image.Width; column++)
            {
                if (image.Alpha(column, row) >= Solid)
                {
                    visit((y + row) * ground.Width + x + column);
                }
            }
        }
    }

    private static int[] Filled(int length)
    {
        var owners = new int[length];
        Array.Fill(owners, Nothing);
        return owners;
    }

    /// <param name="Cutout">What it is.</param>
    /// <param name="Solid">Pixels it covers.</param>
    /// <param name="Seen">How many of them are seen.</param>
    public sealed record Placed(Cutout Cutout, int Solid, int Seen);
}
