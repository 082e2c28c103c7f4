using LatentDiffusion.Data.Layouts;
using LatentDiffusion.Data.SemanticMaps;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Randomness;

namespace LatentDiffusion.Data.Composition;

/// <summary>
/// Places cut-outs on photographs, so that boxes, label maps and captions are known exactly. Scene n depends on the settings,
/// the material, the seed and n alone.
/// </summary>
public sealed class SceneComposer
{
    // "SCEN".
    private const long Purpose = 0x5343454e;
    private const int Attempts = 20;

    private readonly SceneSettings _settings;
    private readonly RgbImage[] _photos;
    private readonly Dictionary<string, Cutout[]> _byClass;

    /// <summary>Creates a composer.</summary>
    /// <param name="cutouts">The objects.</param>
    /// <param name="photos">The grounds, at least as large as the scenes.</param>
    /// <param name="settings">Size of the scenes, number and sizes of the objects; null for the defaults.</param>
    /// <exception cref="UserInputException">There is no cut-out or no photograph, or the settings make no scene.</exception>
    public SceneComposer(IReadOnlyList<Cutout> cutouts, IReadOnlyList<RgbImage> photos, SceneSettings? settings = null)
    {
        ArgumentNullException.ThrowIfNull(cutouts);
        ArgumentNullException.ThrowIfNull(photos);
        if (cutouts.Count == 0 || photos.Count == 0)
        {
            throw new UserInputException("Scenes need at least one cut-out and one photograph.");
        }

        _settings = settings ?? new SceneSettings();
        _settings.Validate();
        _photos = [.. photos];
        _byClass = cutouts.GroupBy(c => c.Class).ToDictionary(g => g.Key, g => g.ToArray(), StringComparer.Ordinal);
        var known = CutoutCollection.KnownClasses;
        Classes =
        [
            .. known.Where(_byClass.ContainsKey),
            .. _byClass.Keys.Except(known, StringComparer.Ordinal).Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>The classes that occur, in the order of their ids: the known ones first, then others by name.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>Composes one scene.</summary>
    /// <param name="seed">Seed of the whole set.</param>
    /// <param name="number">Number of the scene.</param>
    public Scene Compose(long seed, long number)
    {
        var random = new RandomStream(DerivedSeed.Of(seed, Purpose, number));
        var canvas = new SceneCanvas(Ground(random));
        var count = random.Between(_settings.MinObjects, _settings.MaxObjects);
        for (var i = 0; i < count; i++)
        {
            Place(canvas, random);
        }

        var objects = canvas
            .Objects.Select(
                (o, i) =>
                    new LayoutObject(
                        o.Cutout.Class,
                        canvas.BoxOf(i),
                        o.Seen < o.Solid ? ObjectTraits.Occluded : ObjectTraits.None
                    )
            )
            .ToArray();
        var ids = canvas
            .Objects.Select(o => (byte)(1 + Classes.Index().First(c => c.Item == o.Cutout.Class).Index))
            .ToArray();
        var map = canvas.Owners.Select(o => o < 0 ? (byte)0 : ids[o]).ToArray();
        return new Scene(
            canvas.Image,
            new Layout(null, _settings.Size, _settings.Size, objects),
            new LabelMap(_settings.Size, _settings.Size, map),
            Sentence([.. canvas.Objects.Select(o => o.Cutout.Caption)])
        );
    }

    private RgbImage Ground(RandomStream random)
    {
        var photo = random.Choice(_photos);
        var side = random.Between(
            Math.Min(_settings.Size, Math.Min(photo.Width, photo.Height)),
            Math.Min(photo.Width, photo.Height)
        );
        var crop = photo.Crop(
            random.Between(0, photo.Width - side),
            random.Between(0, photo.Height - side),
            side,
            side
        );
        var ground = Resampler.Bicubic(crop, _settings.Size, _settings.Size);

        // A crop of the right size comes back as it is; it must not be drawn upon if it is the photograph itself.
        return new RgbImage(_settings.Size, _settings.Size, (byte[])ground.Pixels.Clone());
    }

    private void Place(SceneCanvas canvas, RandomStream random)
    {
        var cutout = random.Choice(_byClass[random.Choice(Classes)]);
        var longer = random.Uniform(_settings.SmallestObject, _settings.LargestObject) * _settings.Size;
        var scale = longer / Math.Max(cutout.Image.Width, cutout.Image.Height);
        var image = cutout.Image.Resize(
            Math.Max(1, (int)Math.Round(cutout.Image.Width * scale)),
            Math.Max(1, (int)Math.Round(cutout.Image.Height * scale))
        );
        image = random.Uniform() < 0.5 ? image.Mirrored() : image;
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var (x, y) = (
                random.Between(0, _settings.Size - image.Width),
                random.Between(0, _settings.Size - image.Height)
            );
            if (canvas.TryPlace(cutout, image, x, y, _settings.MinVisible))
            {
                return;
            }
        }
    }

    private static string Sentence(string[] things) =>
        things.Length switch
        {
            0 => "an empty scene",
            1 => things[0],
            _ => $"{string.Join(", ", things[..^1])} and {things[^1]}",
        };
}
