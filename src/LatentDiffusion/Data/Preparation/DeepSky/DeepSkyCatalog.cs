using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Numerics;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Data.Preparation.DeepSky;

/// <summary>An object of <see cref="DeepSkyCatalog"/>.</summary>
/// <param name="Direction">Unit vector of its place in the sky.</param>
/// <param name="Type">Stellarium's number for its kind.</param>
internal sealed record DeepSkyObject(Vector3 Direction, uint Type);

/// <summary>Stellarium's catalogue of nebulae, clusters and galaxies.</summary>
internal sealed class DeepSkyCatalog
{
    private const int OldestMinorVersion = 16;

    // Numbers come in this order, those of catalogues without interest here as null.
    private static readonly string?[] Catalogues =
    [
        "NGC",
        "IC",
        "M",
        null,
        "B",
        "Sh2",
        "VdB",
        "RCW",
        "LDN",
        "LBN",
        null,
        null,
        "PGC",
        "UGC",
    ];

    private readonly Dictionary<(string Catalogue, uint Number), List<DeepSkyObject>> _named = [];
    private readonly List<DeepSkyObject> _objects = [];

    private DeepSkyCatalog() { }

    /// <summary>The number of objects.</summary>
    public int Count => _objects.Count;

    /// <summary>Reads <c>catalog.dat</c>.</summary>
    /// <exception cref="UserInputException">The file is cut short, damaged or of another version.</exception>
    public static DeepSkyCatalog Read(string path)
    {
        var reader = new QtDataReader(Decompress(path));
        try
        {
            CheckVersion(path, reader.Text());
            // The edition.
            reader.Text();
            var catalog = new DeepSkyCatalog();
            while (!reader.IsAtEnd)
            {
                catalog.ReadObject(reader);
            }

            return catalog.Count > 0 ? catalog : throw Damaged(path, "it holds no objects");
        }
        catch (InvalidDataException e)
        {
            throw Damaged(path, e.Message, e);
        }
    }

    /// <summary>The objects that a catalogue lists under a number; parts of one object may share it.</summary>
    public IReadOnlyList<DeepSkyObject> Named(string catalogue, uint number) =>
        _named.GetValueOrDefault((catalogue, number)) ?? [];

    /// <summary>The only object near a direction; null if there is none or more than one.</summary>
    /// <param name="direction">Unit vector.</param>
    /// <param name="distance">The longest chord between both directions.</param>
    public DeepSkyObject? OnlyOneNear(Vector3 direction, float distance)
    {
        var near = _objects.Where(o => Vector3.Distance(o.Direction, direction) <= distance).Take(2).ToList();
        return near.Count == 1 ? near[0] : null;
    }

    /// <summary>The unit vector of a place in the sky.</summary>
    /// <param name="rightAscension">In radians.</param>
    /// <param name="declination">In radians.</param>
    public static Vector3 DirectionOf(double rightAscension, double declination) =>
        new(
            (float)(Math.Cos(declination) * Math.Cos(rightAscension)),
            (float)(Math.Cos(declination) * Math.Sin(rightAscension)),
            (float)Math.Sin(declination)
        );

    private static byte[] Decompress(string path)
    {
        try
        {
            var packed = File.ReadAllBytes(path);
            using var gzip = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
            using var data = new MemoryStream();
            gzip.CopyTo(data);
            // A stream that ends too early is not always noticed; gzip ends with the length.
            return packed.Length >= 4 && BinaryPrimitives.ReadUInt32LittleEndian(packed.AsSpan()[^4..]) == data.Length
                ? data.ToArray()
                : throw Damaged(path, "it is cut short");
        }
        catch (InvalidDataException e)
        {
            throw Damaged(path, "it is not compressed by gzip or is cut short", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserInputException($"The catalogue \"{path}\" cannot be read: {e.Message}", e);
        }
    }

    private static void CheckVersion(string path, string version)
    {
        var known =
            version.StartsWith("3.", StringComparison.Ordinal)
            && int.TryParse(version.AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out var minor)
            && minor >= OldestMinorVersion;
        if (!known)
        {
            throw new UserInputException(
                $"The catalogue \"{path}\" has version \"{version}\"; 3.{OldestMinorVersion} and later versions 3 are read. "
                    + "Install the package stellarium-data in version 0.22 or later."
            );
        }
    }

    private static UserInputException Damaged(string path, string why, Exception? inner = null)
    {
        var message =
            $"The catalogue \"{path}\" is no catalogue of Stellarium's or is damaged: {why}. "
            + "Install the package stellarium-data again.";
        return inner is null ? new UserInputException(message) : new UserInputException(message, inner);
    }

    private void ReadObject(QtDataReader reader)
    {
        // Its number.
        reader.Number();
        var (rightAscension, declination) = (reader.Real(), reader.Real());
        // Two magnitudes.
        reader.SkipReals(2);
        var type = reader.Number();
        if (!(Math.Abs(rightAscension) <= 2 * Math.PI && Math.Abs(declination) <= Math.PI / 2 && type < byte.MaxValue))
        {
            throw new InvalidDataException($"object {Count + 1} has no place in the sky");
        }

        var found = new DeepSkyObject(DirectionOf(rightAscension, declination), type);
        // The type in words; two sizes, an angle, redshift, parallax and distance with their errors.
        reader.Text();
        reader.SkipReals(2);
        reader.Number();
        reader.SkipReals(6);
        foreach (var catalogue in Catalogues)
        {
            var number = reader.Number();
            if (catalogue is not null && number > 0)
            {
                if (!_named.TryGetValue((catalogue, number), out var objects))
                {
                    _named[(catalogue, number)] = objects = [];
                }

                objects.Add(found);
            }
        }

        SkipOtherNames(reader);
        _objects.Add(found);
    }

    // Cederblad's; two with numbers; seven in words; five with numbers.
    private static void SkipOtherNames(QtDataReader reader)
    {
        reader.Text();
        reader.SkipNumbers(2);
        for (var i = 0; i < 7; i++)
        {
            reader.Text();
        }

        reader.SkipNumbers(5);
    }
}
